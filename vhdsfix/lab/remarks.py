"""What a talkative node says beside its answers: nobody asked, and nobody may be harmed by it."""

from __future__ import annotations

import datetime as dt

from psrpcore import ServerPipeline
from psrpcore.types import PSInvocationState

_TEXT = "The lab says something that nobody asked for."


def write_remarks(pipeline: ServerPipeline) -> None:
    """A record for each stream but output and error. psrpcore's have no text of their own (WIRE 2)."""
    pipeline.state = PSInvocationState.Running
    pipeline.write_progress("The lab", 0, _TEXT, percent_complete=50)
    pipeline.write_warning(_TEXT)
    pipeline.write_verbose(_TEXT)
    pipeline.write_debug(_TEXT)
    now = dt.datetime.now(dt.UTC)
    pipeline.write_information(_TEXT, "Write-Information", now, ["lab"], "LAB\\admin", "HV01", 1, 1, 1)
