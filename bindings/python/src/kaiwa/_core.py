"""The client's handle, its pump, and the events that were taken and not yet read. No loop, no accounts."""

from __future__ import annotations

from collections import deque
from typing import Any

from . import types as t
from ._events import BY_NUMBER
from ._json import of_view
from ._native import check, ffi, lib
from ._views import Newer
from .errors import StateError

TAKEN = 256
"""Events taken at once: enough that a call costs little, few enough that a loop stays quick (about 2 ms)."""


class Core:
    """One `kaiwa_client`. The handler only keeps events; everything that can fail comes after the pump."""

    def __init__(self, options: Any) -> None:
        place = ffi.new("kaiwa_client **")
        check(lib.kaiwa_client_new(options, place))
        self.handle = place[0]
        self.taken: deque[Any] = deque()
        self.ended = False
        self.accounts: dict[int, Any] = {}
        append, retain = self.taken.append, lib.kaiwa_event_retain

        def handler(_userdata: Any, event: Any) -> None:
            append(retain(event))

        self._handler = ffi.callback("kaiwa_event_handler", handler)
        check(lib.kaiwa_client_set_event_handler(self.handle, ffi.NULL, self._handler, ffi.NULL))
        place = ffi.new("int32_t *")
        check(lib.kaiwa_client_wakeup_fd(self.handle, place))
        self.descriptor: int = place[0]

    def pump(self, room: int) -> list[t.Event]:
        """What has happened, without waiting; at most `room` events."""
        self.open()
        if not self.ended and room > len(self.taken):
            status = lib.kaiwa_client_pump(self.handle, 0, room - len(self.taken), ffi.NULL)
            if status == lib.KAIWA_ERR_STATE:
                self.ended = True
            else:
                check(status)
        events: list[t.Event] = []
        while self.taken:
            raw = self.taken[0]
            events.append(decode(raw))
            self.taken.popleft()
            lib.kaiwa_event_release(raw)
        return events

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
        for account in self.accounts.values():
            lib.kaiwa_account_free(account)
        self.accounts.clear()
        lib.kaiwa_client_free(handle)
        while self.taken:
            lib.kaiwa_event_release(self.taken.popleft())


def decode(raw: Any) -> t.Event:
    """An event of the library's."""
    make = BY_NUMBER.get(raw.kind)
    if make is not None:
        try:
            return make(raw)
        except Newer:
            pass
    return of_view(raw)
