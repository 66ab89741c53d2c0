"""What goes wrong on a fake node, scripted: answers that are lost, writes that do nothing or land late, VMs that move."""

from __future__ import annotations

from collections.abc import Callable

from tests.fakes.nodes import FakeNode
from vhdsfix.errors import LostError, NodeError
from vhdsfix.model.outcome import WriteAnswer
from vhdsfix.model.windows import FolderPath, VmId


def lose_the_answer_after_the_work(node: FakeNode) -> None:
    def grant(folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        node.run_icacls(folder, vm_id)
        raise LostError(f"granting on {node.node}: the connection was reset")

    node.carry_out_grant = grant


def lose_the_answer_before_the_work(node: FakeNode) -> None:
    fail_to_grant(node, LostError(f"granting on {node.node}: the connection was reset"))


def fail_to_grant(node: FakeNode, error: NodeError) -> None:
    def grant(_folder: FolderPath, _vm_id: VmId) -> WriteAnswer:
        raise error

    node.carry_out_grant = grant


def ignore_grants(node: FakeNode) -> None:
    """The node says that all went well, and did nothing."""
    node.carry_out_grant = lambda folder, _vm_id: WriteAnswer(0, (f"processed file: {folder}",))


def land_late(node: FakeNode, *, after_reads: int) -> None:
    """The answer is lost, and the work is done after so many reads."""

    def grant(folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        due = node.reads + after_reads + 1

        def work_when_due() -> None:
            if node.reads == due:
                node.run_icacls(folder, vm_id)

        node.before_read = work_when_due
        raise LostError(f"granting on {node.node}: no answer in time")

    node.carry_out_grant = grant


def meanwhile(node: FakeNode, happens: Callable[[], object]) -> None:
    """Something happens between the read before a grant and the grant."""

    def grant(folder: FolderPath, vm_id: VmId) -> WriteAnswer:
        happens()
        return node.run_icacls(folder, vm_id)

    node.carry_out_grant = grant


def fail_reads(node: FakeNode, error: NodeError, *, first: int = 1, last: int | None = None) -> None:
    """Reads of folders fail, from the first to the last of these numbers."""

    def fail() -> None:
        if first <= node.reads and (last is None or node.reads <= last):
            raise error

    node.before_read = fail
