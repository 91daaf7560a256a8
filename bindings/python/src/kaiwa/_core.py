"""The client's handle, its pump, and the events that were taken and not yet looked at. No loop, no accounts."""

from __future__ import annotations

import atexit
import os
import weakref
from collections import deque
from types import TracebackType
from typing import Any

from . import types as t
from ._events import event_at
from ._json import of_view
from ._log import descriptor, hand_on, outside
from ._native import check, ffi, lib
from .errors import StateError

TAKEN = 256
"""Events taken at once: enough that a call costs little, few enough that a loop stays quick (about 1 ms)."""


OPEN: weakref.WeakSet[Core] = weakref.WeakSet()


@atexit.register
def free_all() -> None:
    """Says goodbye where nobody has closed: a program that ends takes its connections with it."""
    for core in tuple(OPEN):
        core.free()


class Core:
    """One `kaiwa_client`."""

    def __init__(self, options: Any) -> None:
        place = ffi.new("kaiwa_client **")
        check(lib.kaiwa_client_new(options, place))
        self.handle = place[0]
        OPEN.add(self)
        self.accounts: dict[int, Any] = {}
        self.taken: deque[t.Event] = deque()
        self.ended = False
        self._pumping = False
        self._raised: list[BaseException] = []
        self._log: int | None = None
        self._handler = handler(self.taken, self._raised)
        check(lib.kaiwa_client_set_event_handler(self.handle, ffi.NULL, ffi.cast("kaiwa_event_handler", self._handler), ffi.NULL))
        place = ffi.new("int32_t *")
        check(lib.kaiwa_client_wakeup_fd(self.handle, place))
        self._descriptor: int = place[0]

    def descriptors(self) -> list[int]:
        """Readable when there is something to pump."""
        if self._log is None:
            self._log = descriptor()
        return [self._descriptor] if self._log is None else [self._descriptor, self._log]

    def pump(self) -> None:
        """Takes what has happened, without waiting; at most `TAKEN` events."""
        if self._pumping:
            raise StateError("another thread, or what it has interrupted, reads this client; a client belongs to one thread")
        handle = self.open()
        hand_on()
        self._pumping = True
        try:
            status = lib.kaiwa_client_pump(handle, 0, TAKEN, ffi.NULL)
        finally:
            self._pumping = False
        if status == lib.KAIWA_ERR_STATE:
            self.ended = True
        else:
            check(status)
        if self._raised:
            raise self._raised.pop()

    def open(self) -> Any:
        """The handle, as long as there is one."""
        if self.handle is None:
            raise StateError("the client is closed")
        return self.handle

    def free(self) -> None:
        """Frees everything, once; goodbyes may take a second."""
        if self.handle is None:
            return
        handle, self.handle = self.handle, None
        self.ended = True
        OPEN.discard(self)
        if self._log is not None:
            os.close(self._log)
        outside(self._free, handle)

    def _free(self, handle: Any) -> None:
        for account in self.accounts.values():
            lib.kaiwa_account_free(account)
        self.accounts.clear()
        lib.kaiwa_client_free(handle)


def handler(taken: deque[t.Event], raised: list[BaseException]) -> Any:
    """What takes events. Ctrl-C is heard in it too, but can be raised only when the pump is over."""
    append = taken.append

    def take(_userdata: int, event: int) -> None:
        append(decode(event))

    def failed(_kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        raised[:] = [error.with_traceback(None)]
        if trace is None:
            return
        event = decode(trace.tb_frame.f_locals["event"])
        # It may have been raised just after the event was taken.
        if not taken or (taken[-1].account, taken[-1].seq) != (event.account, event.seq):
            append(event)

    # Addresses as numbers cost less than as pointers, and nothing else of them is needed.
    return ffi.callback("void(uintptr_t, uintptr_t)", take, onerror=failed)


def decode(event: int) -> t.Event:
    """An event of the library's, by its address."""
    try:
        return event_at(event)
    except KeyError:
        return of_view(ffi.cast("const kaiwa_event *", event))
