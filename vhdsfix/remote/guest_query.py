"""What QueryGuestClusterInformation returned → GuestQuery, whatever shape it has.

Source: W32 msvm-guestclusterinformation.md (names and types, and that the arrays run parallel). Assumed: the out-parameter comes
as an object or as the XML text of one; nobody has shown it yet (FACTS 1.4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vhdsfix.model.facts import GuestDisk, GuestQuery
from vhdsfix.remote.cim_xml import properties_of

LONGEST_TEXT = 1024
LARGEST_CLUSTER = 65535
"""Source: the type of ClusterSize, uint16."""
MOST_DISKS = 256
"""Source: Hyper-V allows 4 SCSI controllers of 64 disks. Assumed: no guest has more that are shared."""

_FLAGS = {
    "is_clustered": "isclustered",
    "is_online": "isonline",
    "is_owned": "isowned",
    "is_active_active": "isactiveactive",
}


def guest_query(return_value: int, information: object) -> GuestQuery:
    """Raises ValueError, one line for a person, for a shape that is not known."""
    told = _told(information)
    return GuestQuery(
        return_value=return_value,
        cluster_id=_text(told.get("clusterid")),
        size=_number(told.get("clustersize")),
        disks=_disks(told),
    )


def _told(information: object) -> Mapping[str, object]:
    """The properties by their names in small letters."""
    if isinstance(information, Sequence) and not isinstance(information, str) and len(information) == 1:
        return _told(information[0])
    if information is None or information == "":
        return {}
    if isinstance(information, str):
        information = properties_of(information)
    if isinstance(information, Mapping):
        return {str(name).casefold(): value for name, value in information.items()}
    raise ValueError(f"it came as {type(information).__name__}, which is not known")


def _disks(told: Mapping[str, object]) -> tuple[GuestDisk, ...]:
    """None at all where an array is longer or shorter than that of the paths: nobody knows what belongs to which."""
    paths = _list(told.get("sharedvirtualharddiskpaths"))
    flags = {field: _list(told.get(name)) for field, name in _FLAGS.items() if told.get(name) is not None}
    if len(paths) > MOST_DISKS or any(len(values) != len(paths) for values in flags.values()):
        return ()
    texts = [_text(path) for path in paths]
    if None in texts:
        return ()
    return tuple(
        GuestDisk(str(path), **{field: _truth(values[index]) for field, values in flags.items()})
        for index, path in enumerate(texts)
    )


def _list(value: object) -> Sequence[object]:
    """A list, 5.1's object around one, or one value that stands for a list of one."""
    if isinstance(value, Mapping):
        value = value.get("value")
    if value is None:
        return ()
    return value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT else None


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) <= len("65535"):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST_CLUSTER else None


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).casefold())
