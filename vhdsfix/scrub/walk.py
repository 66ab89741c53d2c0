"""Every text of a value renamed as what it is; one that nobody thought of is taken for a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from vhdsfix.model import facts, plan, readings
from vhdsfix.model.windows import FolderPath, Sid, VmId
from vhdsfix.scrub import texts
from vhdsfix.scrub.tokens import Tokens

V = TypeVar("V")
_Rename = Callable[[Tokens, str], str]


def _kept(tokens: Tokens, text: str) -> str:
    """It names nobody: a time, a version, the id of a finding."""
    del tokens
    return text


_TEXTS: Mapping[tuple[type, str], _Rename] = MappingProxyType(
    {
        (facts.Facts, "taken_at"): _kept,
        (facts.Facts, "format_version"): _kept,
        (facts.ClusterIdentity, "id"): texts.ident,
        (facts.ClusterIdentity, "shared_volumes_root"): texts.path,
        (facts.ClusterNode, "os_version"): _kept,
        (facts.ClusterFacts, "config_store"): texts.path,
        (facts.VmFacts, "version"): _kept,
        (facts.Drive, "unreadable"): texts.reason,
        (facts.GuestDisk, "path"): texts.path,
        (facts.GuestQuery, "cluster_id"): texts.ident,
        (facts.RecoveryCheckpoint, "made_at"): _kept,
        (facts.MergeFailure, "at"): _kept,
        (facts.FileFacts, "name"): texts.part_of_path,
        (facts.FileFacts, "sddl"): texts.descriptor,
        (facts.FileFacts, "written_at"): _kept,
        (facts.FolderFacts, "sddl"): texts.descriptor,
        (facts.FolderFacts, "subfolders"): texts.part_of_path,
        (facts.GrantMade, "at"): _kept,
        (readings.Unknown, "why"): texts.reason,
        (plan.Accepted, "finding"): _kept,
        (plan.Accepted, "subject"): texts.subject,
        (plan.Accepted, "reason"): texts.reason,
        (plan.Accepted, "until"): _kept,
    }
)


def renamed(tokens: Tokens, value: V) -> V:
    """The value with each of its texts renamed; its shape stays."""
    return _of(tokens, value, texts.name)  # type: ignore[no-any-return]  # what comes in goes out


def _of(tokens: Tokens, value: Any, text_is: _Rename) -> Any:
    if isinstance(value, str):
        return _of_text(tokens, value, text_is)
    if isinstance(value, tuple):
        return tuple(_of(tokens, one, text_is) for one in value)
    if isinstance(value, readings.Known):
        return readings.Known(_of(tokens, value.value, text_is))
    return _of_struct(tokens, value) if isinstance(value, msgspec.Struct) else value


def _of_text(tokens: Tokens, value: str, text_is: _Rename) -> str:
    match value:
        case FolderPath():
            return FolderPath(texts.path(tokens, value))
        case VmId():
            return VmId(tokens.guid(value))
        case Sid():
            return Sid(texts.sid(tokens, value))
        case _:
            return text_is(tokens, value)


def _of_struct(tokens: Tokens, value: msgspec.Struct) -> msgspec.Struct:
    kind = type(value)
    fields = {
        field: _of(tokens, getattr(value, field), _TEXTS.get((kind, field), texts.name))
        for field in kind.__struct_fields__
    }
    return kind(**fields)
