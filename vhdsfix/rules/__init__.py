"""Rules: pure questions to facts, inventory and verdicts; each function reads as the sentence that should be true."""
