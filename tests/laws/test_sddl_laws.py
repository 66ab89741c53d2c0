"""SDDL: what is written is read again as the same value, and no text does more than raise SddlError."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.strategies import descriptors, law, vm_ids
from vhdsfix import sddl
from vhdsfix.model.windows import SecurityDescriptor, VmId

_SDDL_LIKE = st.lists(
    st.sampled_from(
        [
            "D:",
            "O:",
            "S:",
            "(",
            ")",
            ";",
            ";;",
            "A",
            "XA",
            "OICI",
            "FA",
            "0x1f01ff",
            "S-1-5-18",
            "WD",
            "P",
            '"',
            " ",
            "-",
            "é",
        ]
    ),
    max_size=30,
).map("".join)


@law
@given(descriptors)
def test_what_is_written_is_read_as_the_same(descriptor: SecurityDescriptor) -> None:
    assert sddl.parse(sddl.write(descriptor)) == descriptor


@law
@given(st.one_of(st.text(), _SDDL_LIKE))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    with contextlib.suppress(sddl.SddlError):
        sddl.parse(text)


@law
@given(descriptors, st.data())
def test_damaged_text_is_read_or_refused_with_a_reason(
    descriptor: SecurityDescriptor, data: st.DataObject
) -> None:
    text = sddl.write(descriptor)
    place = data.draw(st.integers(0, len(text)))
    damaged = text[:place] + data.draw(st.text(max_size=2)) + text[place + data.draw(st.integers(0, 3)) :]
    with contextlib.suppress(sddl.SddlError):
        assert sddl.parse(sddl.write(sddl.parse(damaged))) == sddl.parse(damaged)


@law
@given(vm_ids)
def test_a_vm_id_and_its_sid_name_each_other(vm_id: VmId) -> None:
    assert vm_id.sid.vm_id == vm_id


@law
@given(st.tuples(*[st.integers(0, 0xFFFF_FFFF)] * 4))
def test_every_vm_sid_has_its_vm_id(words: tuple[int, int, int, int]) -> None:
    descriptor = sddl.parse(f"O:S-1-5-83-1-{'-'.join(map(str, words))}")
    assert descriptor.owner is not None
    vm_id = getattr(descriptor.owner, "vm_id", None)
    assert isinstance(vm_id, VmId)
    assert vm_id.sid == descriptor.owner
