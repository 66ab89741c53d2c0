"""A tenth of the long run: the laws of detection."""

from __future__ import annotations

from tests.sweep import detection


def test_the_laws_of_detection_hold() -> None:
    assert "every law of detection holds" in detection.run(detection.FULL // 10, seed=1)
