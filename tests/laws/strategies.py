"""Security descriptors, accounts and VM ids as Hypothesis makes them up."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from vhdsfix.model.windows import Ace, AceType, Acl, DomainAlias, SecurityDescriptor, Sid, VmId
from vhdsfix.sddl.letters import (
    DOMAIN_ALIASES,
    TYPES_THAT_NEED_AN_EXPRESSION,
    TYPES_WITH_OBJECTS,
    WELL_KNOWN_SIDS,
)

law = settings(max_examples=2000, database=None)

VM = VmId("BCBD8064-6BB4-42EF-A9C0-7C14211C9E02")
OTHER_VM = VmId("D9E0EB0A-5B37-508E-9173-67E9ADE83ACF")
TOKEN = (VM.sid, *map(Sid, ("S-1-5-83-0", "S-1-1-0", "S-1-5-11", "S-1-5-6")))

vm_ids = st.builds(VmId, st.uuids(allow_nil=True).map(str))
guids = st.uuids().map(str)
sids = st.builds(
    lambda authority, numbers: Sid("-".join(map(str, ("S-1", authority, *numbers)))),
    st.one_of(
        st.integers(0, 0xFFFF_FFFF), st.integers(2**32, 2**48 - 1).map(lambda number: f"0x{number:012X}")
    ),
    st.lists(st.integers(0, 0xFFFF_FFFF), min_size=1, max_size=15),
)
accounts = st.one_of(
    st.sampled_from(sorted(WELL_KNOWN_SIDS.values())),
    st.sampled_from(sorted(DOMAIN_ALIASES)).map(DomainAlias),
    st.sampled_from(TOKEN),
    sids,
)
expressions = st.sampled_from(
    [
        "(a)",
        '(@User.Title=="PM" && (b || !(c)))',
        '(@User.a == "x)(y;z")',
        '("Secrecy",TU,0,3)',
        "(@User.x Any_of {1, 2})",
    ]
)


@st.composite
def aces(draw: st.DrawFn) -> Ace:
    kind = draw(st.sampled_from(AceType))
    with_objects = kind in TYPES_WITH_OBJECTS
    return Ace(
        type=kind,
        flags=draw(st.integers(0, 0xFF)),
        mask=draw(st.one_of(st.integers(0, 0xFFFF_FFFF), st.sampled_from([0x1F01FF, 0x1000_0000, 0]))),
        sid=draw(accounts),
        object_type=draw(st.none() | guids) if with_objects else None,
        inherited_object_type=draw(st.none() | guids) if with_objects else None,
        expression=draw(expressions) if kind in TYPES_THAT_NEED_AN_EXPRESSION else None,
    )


acls = st.builds(
    Acl,
    entries=st.none() | st.lists(aces(), max_size=5).map(tuple),
    protected=st.booleans(),
    inherit_required=st.booleans(),
    auto_inherited=st.booleans(),
)
descriptors = st.builds(
    SecurityDescriptor,
    dacl=st.none() | acls,
    owner=st.none() | accounts,
    group=st.none() | accounts,
    sacl=st.none() | acls,
)

# What matters to an access check: few accounts, few masks, every flag of inheritance.
_INHERITANCE_FLAGS = [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 16, 17, 19, 25, 27]
deciding_aces = st.builds(
    Ace,
    type=st.sampled_from([AceType.ALLOW, AceType.ALLOW, AceType.DENY, AceType.OBJECT_ALLOW]),
    flags=st.sampled_from(_INHERITANCE_FLAGS),
    mask=st.sampled_from([0x1F01FF, 0x1000_0000, 0x1301BF, 0xC0040, 0x1, 0x8000_0000, 0]),
    sid=st.sampled_from([VM.sid, VM.sid, *TOKEN[1:3], OTHER_VM.sid, Sid("S-1-3-0"), Sid("S-1-5-18")]),
)
doubtful_aces = st.builds(
    Ace,
    type=st.sampled_from([AceType.CONDITIONAL_ALLOW, AceType.CONDITIONAL_DENY]),
    flags=st.sampled_from(_INHERITANCE_FLAGS),
    mask=st.sampled_from([0x1F01FF, 0x1]),
    sid=st.sampled_from(TOKEN[:2]),
    expression=st.just("(@User.a == 1)"),
)


def dacls_of(entries: st.SearchStrategy[Ace]) -> st.SearchStrategy[SecurityDescriptor]:
    """Descriptors with a DACL of a few such entries, owned by an administrator."""
    return st.builds(
        SecurityDescriptor,
        dacl=st.builds(Acl, entries=st.lists(entries, max_size=5).map(tuple), protected=st.booleans()),
        owner=st.just(Sid("S-1-5-32-544")),
    )


deciding = dacls_of(deciding_aces)
with_doubts = dacls_of(st.one_of(deciding_aces, doubtful_aces))
file_sets = st.dictionaries(st.sampled_from(["a.vhds", "b.avhdx"]), deciding, max_size=2)
