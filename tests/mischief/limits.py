"""Time limits for nodes that answer at once or never."""

from __future__ import annotations

from vhdsfix.remote.limits import TimeLimits

SHORT = TimeLimits(
    connect_s=2,
    operation_s=1,
    read_s=2,
    receive_backoff_s=0.01,
    open_retry_s=0.0,
    lost_retry_s=0.0,
    phase_s=10.0,
    write_s=10.0,
    close_s=1,
)
PERSISTENT = TimeLimits(
    connect_s=2,
    operation_s=1,
    read_s=2,
    receive_backoff_s=0.01,
    open_retry_s=0.5,
    lost_retry_s=2.5,
    question_s=3.0,
    phase_s=5.0,
    write_s=5.0,
    close_s=1,
)
"""As SHORT, and what may be tried again is."""
PATIENT = TimeLimits(
    connect_s=5,
    operation_s=2,
    read_s=6,
    receive_backoff_s=0.01,
    open_retry_s=0.0,
    lost_retry_s=0.0,
    phase_s=40.0,
    write_s=40.0,
    close_s=2,
)
"""For whole runs, in which a busy machine must not look like a node that is silent."""
