"""What holds for every test: nobody is asked on a network, and no drawn example is timed."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

os.environ["KRB5_CONFIG"] = os.devnull
"""The machine's own would have each logon look for a realm in the DNS. For what a test starts, too."""

settings.register_profile("untimed", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
