"""What was asked for and is not settled: awaited, or waited for."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import errors
from . import types as t

if TYPE_CHECKING:
    from .client import Client

T = TypeVar("T")

KINDS = {cls.kind: cls for cls in errors.BY_NUMBER.values()}


def exception(info: t.ErrorInfo) -> errors.Error:
    """An error within an event as an exception."""
    kind = info.kind.value if isinstance(info.kind, t.ErrorKind) else info.kind.kind
    wait = None if info.retry_after_ms is None else timedelta(milliseconds=info.retry_after_ms)
    return KINDS.get(kind, errors.Error)(info.message, wait)


class Request(Generic[T]):
    """Something that was asked of a network, on its way already.

    `await` it, or call `wait`, to get what came of it; both may be done again. Who does neither finds its end among the
    events. Cancelling the wait does not take the request back.
    """

    def __init__(self, client: Client, number: int, collect: Callable[[t.Event], T | None], empty: T) -> None:
        self._client = client
        self._collect = collect
        self._value = empty
        self._error: BaseException | None = None
        self.id = number
        """Its number, which the events that it causes carry; 0 for those that the network has no part in."""
        self.done = False
        """Whether it is settled."""

    def __await__(self) -> Generator[Any, None, T]:
        if not self.done:
            yield from self._client._settled(self).__await__()  # pyright: ignore[reportPrivateUsage]
        return self._result()

    def wait(self, timeout: float | None = None) -> T:
        """Waits without a loop, for `timeout` seconds at most. Raises `TimedOutError` when they are over."""
        self._client._wait(self, timeout)  # pyright: ignore[reportPrivateUsage]
        return self._result()

    def __repr__(self) -> str:
        outcome = "waiting" if not self.done else "done" if self._error is None else f"failed: {self._error}"
        return f"<kaiwa.Request {self.id} {outcome}>"

    def feed(self, event: t.Event) -> None:
        """Looks at an event that may belong to it."""
        found = self._collect(event)
        if found is not None:
            self._value = found
        if event.request != self.id:
            return
        if isinstance(event, t.StatusDone):
            self.done = True
        elif isinstance(event, t.StatusFailed):
            self.fail(exception(event.error))

    def fail(self, error: BaseException) -> None:
        """It is settled, and not well."""
        if not self.done:
            self._error = error
            self.done = True

    def _result(self) -> T:
        if self._error is not None:
            # A new one each time, so that those who wait do not share a traceback.
            error = self._error
            raise type(error)(*error.args, *([error.retry_after] if isinstance(error, errors.Error) else []))
        return self._value


class Change(Request[None]):
    """A connection on its way up or down."""

    def __init__(self, client: Client, account: int, up: bool) -> None:
        super().__init__(client, 0, lambda _: None, None)
        self._account = account
        self._up = up
        self._lost: errors.Error | None = None

    def feed(self, event: t.Event) -> None:
        """Looks at an event that may belong to it."""
        if event.account != self._account:
            return
        match event:
            case t.StatusConnected():
                self.done = self._up
            case t.StatusLost(error=error, retry_in_ms=None) if self._up:
                self._lost = exception(error)
            case t.StatusDisconnected() if not self._up:
                self.done = True
            case t.StatusDisconnected() if self._lost is not None:
                self.fail(self._lost)
            case _:
                pass
