"""Our statements as a pipeline of pypsrp's, and what came back of it as our messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pypsrp.complex_objects import ComplexObject, PSInvocationState
from pypsrp.messages import MessageType
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.serializer import Serializer
from pypsrp.wsman import WSMan

from vhdsfix.remote.clixml_text import text_of
from vhdsfix.remote.create_pipeline import create_pipeline
from vhdsfix.remote.messages import ErrorRecord, Messages
from vhdsfix.remote.one_line import one_line
from vhdsfix.remote.statements import Statement


def pool_on(wsman: WSMan, configuration_name: str, accepted: Callable[[], None]) -> RunspacePool:
    """A runspace pool, not yet open, that can read every text and takes the pipelines that `pipeline_of` makes.

    `accepted` is called when the node has given it a shell.
    """
    return _Pool(wsman, configuration_name, accepted)


def pipeline_of(pool: RunspacePool, statements: Sequence[Statement]) -> _Pipeline:
    """A pipeline to begin. Raises ValueError where the node named no version of the protocol that is one."""
    return _Pipeline(pool, create_pipeline(statements, pool.protocol_version or ""))


class _Pool(RunspacePool):
    def __init__(self, wsman: WSMan, configuration_name: str, accepted: Callable[[], None]) -> None:
        super().__init__(wsman, configuration_name=configuration_name)
        self._serializer = self._fragmenter.serializer = _Serializer()
        self._accepted = accepted

    def _receive(self, id: str | None = None, timeout: int | None = None) -> Any:  # noqa: A002 - pypsrp's own name
        """The pool itself receives only once its shell is there: the account was accepted, and by whom it was sent to."""
        if id is None:
            self._accepted()
        return super()._receive(id, timeout)


class _Pipeline(PowerShell):
    """pypsrp's, but that the message which creates it is there already."""

    def __init__(self, pool: RunspacePool, written: bytes) -> None:
        super().__init__(pool)
        self._written = written

    def forget(self) -> None:
        """Keep no more of it than is needed to end it: what it was, and what came of it, may be megabytes."""
        self._written = b""
        self.clear_streams()

    def begin_invoke(self, *_: Any, **__: Any) -> None:
        self._invoke(_Written(self._written))


class _Written(ComplexObject):
    """A message's data, as it goes out."""

    MESSAGE_TYPE = MessageType.CREATE_PIPELINE

    def __init__(self, written: bytes) -> None:
        super().__init__()
        self.written = written


class _Serializer(Serializer):
    """pypsrp's cannot read every text, and wants to write each message itself."""

    def serialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return value.written if isinstance(value, _Written) else super().serialize(value, *args, **kwargs)

    def _deserialize_string(self, value: str | None) -> str:
        return text_of(value)


def messages_of(pipeline: PowerShell) -> Messages:
    return Messages(
        output=tuple(pipeline.output),
        errors=tuple(_error_record(error) for error in pipeline.streams.error),
        completed=pipeline.state == PSInvocationState.COMPLETED,
    )


def _error_record(error: Any) -> ErrorRecord:
    """Which command it names: WIRE 7.1 (the one that ran, else the category's activity, else the target)."""
    named = error.invocation_name or error.activity or error.target_name
    return ErrorRecord(
        one_line(error.fq_error), str(named) if named else None, one_line(error), str(error.target_name or "")
    )
