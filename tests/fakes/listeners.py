"""Listeners on loopback that are no WinRM."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def listener(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server's port; each connection is given to `answer`, in a thread, until the block is left."""
    opened: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=_serve, args=(door, opened, answer))
        thread.start()
        try:
            yield door.getsockname()[1]
        finally:
            door.shutdown(socket.SHUT_RDWR)
            for wire in opened:
                with contextlib.suppress(OSError):
                    wire.shutdown(socket.SHUT_RDWR)  # wakes an answer that still waits for its client
            thread.join()
            for wire in opened:
                wire.close()


def _serve(door: socket.socket, opened: list[socket.socket], answer: Callable[[socket.socket], None]) -> None:
    while True:
        try:
            wire, _ = door.accept()
        except OSError:
            return
        opened.append(wire)
        with contextlib.suppress(OSError):  # the client has left meanwhile
            answer(wire)
