"""How long each thing may take that is asked of a machine."""

from __future__ import annotations

import msgspec


class TimeLimits(msgspec.Struct, frozen=True):
    """Every time-out, in seconds. The first four are the wire's own, for each request; the caller's watchdog keeps the rest.

    `operation_s`: how long the node holds a request for an answer before it says "nothing yet"; `read_s` must be longer.
    `receive_backoff_s`: pypsrp asks for output up to five times more after a read time-out, and waits 1, 3, 7, 15 and 31 of
    this between (WIRE 1). That it asks is wanted: a Receive can be repeated, and for a change it is the only way to hear the
    answer without sending it twice. But its own 2 s make 114 s of waiting, in which nothing is heard; these make 11 s.
    `open_retry_s`: how long a session is tried to be opened again where that may help. `lost_retry_s`: how long, from the
    first time, a question is asked again whose answer was lost; more than `read_s`, or silence would never be tried again.
    `question_s`: one pipeline of questions. `phase_s`: all questions of a phase on one node. `checks_s`, `check_s`: a pipeline of
    those that no grant rests on, and one of them alone; `checks_alone_s`: all that are asked alone on one node. `guest_s`: what is
    asked of a guest, which may be as slow as it likes. `write_s`: a change (DESIGN 6). `close_s`: closing a session.
    """

    connect_s: int = 10
    operation_s: int = 20
    read_s: int = 30
    receive_backoff_s: float = 0.2
    open_retry_s: float = 4.0
    lost_retry_s: float = 35.0
    question_s: float = 90.0
    phase_s: float = 120.0
    checks_s: float = 30.0
    check_s: float = 10.0
    checks_alone_s: float = 60.0
    guest_s: float = 30.0
    write_s: float = 600.0
    close_s: int = 3


TIME_LIMITS = TimeLimits()
