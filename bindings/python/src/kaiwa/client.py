"""Clients: many accounts, and one stream of their events."""

from __future__ import annotations

import asyncio
import select
import time
import warnings
import weakref
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import Any

from . import types as t
from ._core import Core
from ._native import Strings, check, ffi, fields, lib
from ._request import Change, Request
from .account import Account
from .errors import FullError, StateError, TimedOutError

UNREAD = 65_536
"""Events that are kept unread while a request is awaited; then waiting fails with `FullError`."""

GOODBYE = 2.0
"""Seconds that leaving `async with` waits for connections to close: what a user takes for at once."""

CHANGES = frozenset({t.StatusConnecting, t.StatusConnected, t.StatusLost, t.StatusDisconnected})
"""Events that tell whether an account is up."""


class Client:
    """Many accounts and one stream of their events.

    Use it by `async with` (or `with`), or close it; one that is only dropped is closed too, with a `ResourceWarning`. A client
    belongs to one thread, and while something waits to one loop. It has no threads of Python's.

    Events are taken from the library only when somebody asks for them: who does not read makes the library, and in the end
    the network, wait. Only while a request is awaited events are taken and kept, at most `UNREAD`.
    """

    def __init__(self, *, threads: int = 0, keep_state: bool = True, queue_events: int = 0, queue_bytes: int = 0) -> None:
        """Starts the library's threads; 0 is the library's default of each number."""
        options = ffi.new("kaiwa_client_options *")
        check(lib.kaiwa_client_options_init(options, ffi.sizeof("kaiwa_client_options")))
        try:
            options.threads, options.no_state = threads, not keep_state
            options.queue_events, options.queue_bytes = queue_events, queue_bytes
        except OverflowError as problem:
            raise ValueError(f"an option is out of range: {problem}") from None
        self._core = Core(options)
        self._unread: deque[t.Event] = deque()
        self._requests: weakref.WeakValueDictionary[int, Request[Any]] = weakref.WeakValueDictionary()
        self._changes: weakref.WeakSet[Change] = weakref.WeakSet()
        self._accounts: dict[int, Account] = {}
        self._waiters: set[asyncio.Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watched: list[int] = []
        self._reader: asyncio.AbstractEventLoop | None = None

    # Accounts

    def account(self, protocol: str, fields_: Mapping[str, str] | None = None, /, **more: str) -> Account:
        """Adds an account of a network; it stays down until `Account.connect`.

        Its login form is filled by name: `client.account("wschat", url="ws://…", name="me")`; names with a dot
        (`network.proxy`) go by the mapping. Raises `NotFoundError` and `InvalidError`.
        """
        keep = Strings()
        filled = {**(fields_ or {}), **more}
        place = ffi.new("kaiwa_account **")
        form = fields(filled, keep)
        check(lib.kaiwa_account_new(self._core.open(), keep(protocol), form, len(filled), place))
        return self._add(place[0])

    def account_from_json(self, text: str) -> Account:
        """Adds an account from JSON (`Account` in events.schema.json)."""
        keep = Strings()
        place = ffi.new("kaiwa_account **")
        check(lib.kaiwa_account_new_from_json(self._core.open(), keep(text), place))
        return self._add(place[0])

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts, in the order in which they came."""
        return tuple(self._accounts.values())

    def __getitem__(self, number: int) -> Account:
        """The account of an event: `client[event.account]`."""
        return self._accounts[number]

    def network_changed(self) -> None:
        """Says that the machine's network has changed: accounts that wait for their next attempt try at once."""
        check(lib.kaiwa_client_network_changed(self._core.open()))

    # Events, with asyncio

    def events(self) -> AsyncIterator[t.Event]:
        """What happens, until the client is closed.

        Leaving the loop and beginning another one loses nothing, nor does cancelling a wait for the next event: what is not
        handed out stays. Two who wait at the same time would each get a part of it, so the second gets `StateError`.
        """
        return Events(self, self._unread)

    async def next(self) -> t.Event | None:
        """The next event; `None` when the client is closed. Cancel safe."""
        loop = asyncio.get_running_loop()
        if self._reader is not None and not self._reader.is_closed():
            raise StateError("somebody else waits for events already; read them in one place and hand them on")
        self._reader = loop
        try:
            while not self._unread and self._more():
                # Those that were there already let the loop's other tasks run too.
                await (asyncio.sleep(0) if self._unread else self._readable())
        finally:
            if self._reader is loop:
                self._reader = None
        return self._unread.popleft() if self._unread else None

    async def aclose(self) -> None:
        """Says goodbye on all connections, for which it waits `GOODBYE` seconds at most, and frees everything.

        Who reads gets what came until then, and the end. Closing twice is fine.
        """
        if self._core.handle is None:
            return
        try:
            lib.kaiwa_client_shutdown(self._core.open(), 0)
            async with asyncio.timeout(GOODBYE):
                while self._more():
                    await self._readable()
        except TimeoutError:
            pass
        finally:
            self.close()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # Events, without a loop

    def poll(self, timeout: float | None = 0) -> t.Event | None:
        """The next event, waiting for `timeout` seconds at most (`None`: without end); `None` if there is none in time, and
        when the client is closed."""
        limit = None if timeout is None else time.monotonic() + timeout
        while not self._unread and self._more():
            if not self._unread and not self._select(limit):
                return None
        return self._unread.popleft() if self._unread else None

    def iterate(self, timeout: float | None = None) -> Iterator[t.Event]:
        """What happens, until nothing did for `timeout` seconds or the client is closed."""
        unread = self._unread
        while (event := self.poll(timeout)) is not None:
            yield event
            while unread:
                yield unread.popleft()

    def close(self) -> None:
        """Frees everything; goodbyes may take a second. Those who wait get `StateError`, readers the end."""
        # The loop must not watch a descriptor that is closed.
        self._wake()
        self._core.free()
        self._accounts.clear()
        self._end()

    def __del__(self) -> None:
        core: Core | None = getattr(self, "_core", None)
        if core is not None and core.handle is not None:
            forgotten = repr(self)
            # First, for a warning may be made an error.
            core.free()
            warnings.warn(f"unclosed {forgotten}", ResourceWarning, source=self, stacklevel=2)

    def __repr__(self) -> str:
        closed = " closed" * (self._core.handle is None)
        return f"<kaiwa.Client{closed} accounts={len(self._accounts)}>"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    # How they wait

    def _more(self) -> bool:
        """Takes what has happened; whether anything may still come."""
        if self._core.ended:
            return False
        taken = self._core.taken
        self._core.pump()
        for event in taken:
            if event.request or type(event) in CHANGES:
                self._look(event)
        some = bool(taken)
        self._unread.extend(taken)
        taken.clear()
        if self._core.ended:
            self._end()
        if some or self._core.ended:
            # What was taken may be for others who wait, and the descriptor does not tell them any more.
            self._wake()
        return not self._core.ended

    def _look(self, event: t.Event) -> None:
        """Tells those whom an event concerns."""
        if type(event) in CHANGES:
            if (account := self._accounts.get(event.account)) is not None:
                account.feed(event)
            for change in tuple(self._changes):
                if not change.done:
                    change.feed(event)
        request = self._requests.get(event.request)
        if request is not None and not request.done:
            request.feed(event)

    def _end(self) -> None:
        for request in (*self._requests.values(), *self._changes):
            request.fail(StateError("the client was closed before the request was settled"))
        self._requests.clear()
        self._changes.clear()

    async def _settled(self, request: Request[Any]) -> None:
        """Waits until a request is settled, whatever happens meanwhile."""
        while not request.done and self._more() and not request.done:
            if len(self._unread) >= UNREAD:
                raise FullError("too many events are unread while a request is awaited; read them in a task of their own")
            await self._readable()

    def _wait(self, request: Request[Any], timeout: float | None) -> None:
        limit = None if timeout is None else time.monotonic() + timeout
        while not request.done and self._more() and not request.done:
            if len(self._unread) >= UNREAD:
                raise FullError("too many events are unread while a request is waited for; poll them")
            if not self._select(limit):
                raise TimedOutError("the request is not settled yet")

    def _select(self, limit: float | None) -> bool:
        """Waits for the descriptor and not in the library, so that Ctrl-C is heard."""
        left = None if limit is None else max(0.0, limit - time.monotonic())
        return bool(select.select(self._core.descriptors(), [], [], left)[0])

    async def _readable(self) -> None:
        """Waits until there is something to take, or somebody else has taken something."""
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop.is_closed():
            # Who waited there waits for ever, and not for this client.
            self._waiters.clear()
            self._rest()
        if self._loop not in (None, loop):
            raise StateError("another loop waits for this client already")
        waiter: asyncio.Future[None] = loop.create_future()
        if not self._waiters:
            self._loop, self._watched = loop, self._core.descriptors()
            for descriptor in self._watched:
                loop.add_reader(descriptor, self._wake)
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
            self._rest()

    def _wake(self) -> None:
        """Wakes all who wait: each looks whether it was for them. The descriptor stays readable until somebody takes."""
        if self._loop is not None and not self._loop.is_closed():
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
        self._waiters.clear()
        self._rest()

    def _rest(self) -> None:
        if not self._waiters and self._loop is not None:
            if not self._loop.is_closed():
                for descriptor in self._watched:
                    self._loop.remove_reader(descriptor)
            self._loop = None

    def _add(self, handle: Any) -> Account:
        account = Account(self, self._core, handle)
        self._accounts[account.id] = account
        return account

    def _follow(self, request: Request[Any]) -> None:
        if isinstance(request, Change):
            self._changes.add(request)
        else:
            self._requests[request.id] = request

    def _forget(self, account: int) -> None:
        self._accounts.pop(account, None)


class Events(AsyncIterator[t.Event]):
    """The events of a client. It has no state of its own: nothing is lost with it, and nobody needs to close it."""

    __slots__ = ("_client", "_unread")

    def __init__(self, client: Client, unread: deque[t.Event]) -> None:
        self._client = client
        self._unread = unread

    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> t.Event:
        if self._unread:
            return self._unread.popleft()
        event = await self._client.next()
        if event is None:
            raise StopAsyncIteration
        return event
