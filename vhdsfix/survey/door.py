"""One given node after another tries the account, until one has accepted it; then the others may log on side by side."""

from __future__ import annotations

import threading

from vhdsfix.errors import AuthError, NodeError
from vhdsfix.ports import Notify, Progress, Reader

REFUSALS_ENOUGH = 2
"""So many nodes may refuse the account before any accepts it. Assumed: no lockout policy is stricter than that."""


class Door:
    """A wrong password that is tried on every node at once locks the account."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._changed = threading.Condition()
        self._next_place = 0
        self._refusals = 0
        self._is_open = False
        self._is_shut = False

    def pass_through(self, reader: Reader, place: int) -> bool:
        """Return when the reader may be asked; True for the one that tried the account for all others.

        `place`: its place among all that are to pass, from 0. Raises NodeError for one that is not let in.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_open or self._is_shut or self._next_place == place)
            if self._is_open:
                return False
            if self._is_shut:
                raise AuthError("not asked: more attempts with this account might lock it")
        try:
            self._notify(Progress("logging on to", reader.node))
            reader.connect(self._open)
        except NodeError as error:
            self._leave_to_the_next(refused=isinstance(error, AuthError))
            raise
        except BaseException:
            self._shut()
            raise
        self._open()
        return True

    def _open(self) -> None:
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def _shut(self) -> None:
        with self._changed:
            self._is_shut = True
            self._changed.notify_all()

    def _leave_to_the_next(self, *, refused: bool) -> None:
        with self._changed:
            self._next_place += 1
            self._refusals += refused
            self._is_shut = self._refusals >= REFUSALS_ENOUGH
            self._changed.notify_all()
