"""Accounts: connecting, asking for things, and reading what they have come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from . import state as st
from . import types as t
from ._core import Core
from ._json import dump
from ._native import Strings, check, ffi, fields, lib
from ._request import Change, Request
from ._views import EPOCH, NUMBERS
from .draft import Draft

if TYPE_CHECKING:
    from .client import Client

T = TypeVar("T")
Content: TypeAlias = str | Draft | Iterable[t.Fragment]
"""What a message may be given as."""

CHANNEL_TYPES = {one: getattr(lib, f"KAIWA_CHANNEL_{one.name}") for one in t.ChannelType}


class Account:
    """An account of a client, made by `Client.account`.

    What asks the network returns a `Request` at once, and raises at once what the library refuses; `await` the request (or
    call its `wait`) for what the network says. A `channel_id` of `None` is the current channel.
    """

    def __init__(self, client: Client, core: Core, handle: Any) -> None:
        self._client = client
        self._core = core
        self.id: int = lib.kaiwa_account_id(handle)
        """Its number, which its events carry."""
        core.accounts[self.id] = handle
        self._down = True

    # Connecting

    def connect(self) -> Request[None]:
        """Connects, and keeps connected. Settled when it is up; fails when it stays down (`AuthError`, `BannedError`, …)."""
        check(lib.kaiwa_account_connect(self._handle()))
        self._down = False
        return self._change(up=True)

    def disconnect(self) -> Request[None]:
        """Disconnects and stays down. Settled when it is down."""
        check(lib.kaiwa_account_disconnect(self._handle()))
        change = self._change(up=False)
        # Between attempts it is down already, and no event says so again.
        change.done = self._down
        return change

    def remove(self) -> None:
        """Disconnects and takes the account from its client. The events of it still come."""
        lib.kaiwa_account_free(self._core.accounts.pop(self.id, ffi.NULL))
        self._client._forget(self.id)  # pyright: ignore[reportPrivateUsage]

    def set_fields(self, filled: Mapping[str, str]) -> None:
        """Fills the login form anew, from the next attempt to connect on."""
        keep = Strings()
        check(lib.kaiwa_account_set_fields(self._handle(), fields(dict(filled), keep), len(filled)))

    # Messages

    def send(self, content: Content, channel_id: str | None = None) -> Request[str]:
        """Says something: a text, a draft or fragments. Gives the id of the message."""
        if isinstance(content, str):
            return self.send_text(content, channel_id)
        draft = Draft.of(content)
        return self._ask(lib.kaiwa_account_send_draft, (channel_id, draft.handle), said, "")

    def send_text(self, text: str, channel_id: str | None = None) -> Request[str]:
        """Says a text, which is never a command. Gives the id of the message."""
        return self._ask(lib.kaiwa_account_send_text, (channel_id, text), said, "")

    def edit(self, message_id: str, content: Content, channel_id: str | None = None) -> Request[None]:
        """Replaces the content of an own message."""
        draft = Draft.of(content)
        return self._do(lib.kaiwa_account_edit_message, channel_id, message_id, draft.handle)

    def delete(self, message_id: str, channel_id: str | None = None) -> Request[None]:
        """Deletes a message; one that still waits here is taken back."""
        return self._do(lib.kaiwa_account_remove_message, channel_id, message_id)

    def react(self, message_id: str, emoji: str, on: bool = True, channel_id: str | None = None) -> Request[None]:
        """Puts an emoji on a message, or takes it off."""
        return self._do(lib.kaiwa_account_react, channel_id, message_id, emoji, on)

    def mark_read(self, message_id: str, channel_id: str | None = None) -> Request[None]:
        """Marks a channel as read up to a message."""
        return self._do(lib.kaiwa_account_mark_read, channel_id, message_id)

    def set_typing(self, typing: bool, channel_id: str | None = None) -> Request[None]:
        """Tells that the user types, or no longer does."""
        return self._do(lib.kaiwa_account_set_typing, channel_id, typing)

    def history(
        self, limit: int = 50, before: str | None = None, channel_id: str | None = None
    ) -> Request[tuple[t.Message, ...]]:
        """Asks for at most `limit` messages from before a message (`None`: the newest); gives them, oldest first."""
        if not 0 <= limit < 2**32:
            raise ValueError("limit is out of range")
        return self._ask(lib.kaiwa_account_request_history, (channel_id, before, limit), past, ())

    # Channels and people

    def join(self, channel_id: str, key: str | None = None) -> Request[None]:
        """Joins a channel; `key` is a password or the code of an invitation."""
        return self._do(lib.kaiwa_account_join_channel, channel_id, key)

    def leave(self, channel_id: str) -> Request[None]:
        """Leaves a channel."""
        return self._do(lib.kaiwa_account_leave_channel, channel_id)

    def switch(self, channel_id: str) -> Request[None]:
        """Makes a channel the current one."""
        return self._do(lib.kaiwa_account_switch_channel, channel_id)

    def create(
        self,
        name: str,
        channel_type: t.ChannelType = t.ChannelType.GROUP,
        *,
        parent_id: str | None = None,
        public: bool = False,
    ) -> Request[t.Channel | None]:
        """Creates a channel, and gives it where the network tells."""
        return self._ask(
            lib.kaiwa_account_create_channel, (name, CHANNEL_TYPES[channel_type], parent_id, public), made, None
        )

    def kick(self, user_id: str, channel_id: str | None = None) -> Request[None]:
        """Removes somebody from a channel (`None`: from the network)."""
        return self._do(lib.kaiwa_account_remove_member, channel_id, user_id)

    def ban(
        self, user_id: str, channel_id: str | None = None, *, until: datetime | None = None, reason: str | None = None
    ) -> Request[None]:
        """Keeps somebody out of a channel (`None`: of the network) until a moment with a time zone, or for ever."""
        until_ms = 0 if until is None else (until - EPOCH) // timedelta(milliseconds=1)
        return self._do(lib.kaiwa_account_ban_member, channel_id, user_id, until_ms, reason)

    # Anything else

    def send_event(self, event: t.Event) -> Request[None]:
        """Sends any event of the vocabulary."""
        return self.send_json(dump(event))

    def send_json(self, event: str) -> Request[None]:
        """Sends any event in JSON (`ConnectionEvent` in events.schema.json)."""
        return self._do(lib.kaiwa_account_send_json, event)

    def can_send(self, event: type[t.Event]) -> bool:
        """Whether events of a class can be sent, as far as is known now: `account.can_send(kaiwa.ChatReact)`."""
        return bool(lib.kaiwa_account_can_send(self._handle(), NUMBERS[t.EventKind(event.__name__)]))

    # What it has come to

    def capabilities(self) -> t.Capabilities:
        """What its network can do, as far as is known now."""
        return st.capabilities(self._handle())

    def state(self) -> st.State:
        """Whether it is up, who the user is, contacts and so on. Raises `NotFoundError` where no state is kept."""
        return st.state(self._handle())

    def channels(self) -> tuple[st.ChannelState, ...]:
        """The channels that are known, by id."""
        return st.channels(self._handle())

    def members(self, channel_id: str | None = None) -> tuple[st.MemberState, ...]:
        """Who is in a channel (`None`: known on the network as a whole), by id."""
        return st.members(self._handle(), channel_id)

    def messages(self, channel_id: str, limit: int = 0) -> tuple[t.Message, ...]:
        """The newest messages that are kept, at most `limit` (0: all), oldest first."""
        return st.messages(self._handle(), channel_id, limit)

    def assets(self, channel_id: str | None = None) -> tuple[t.Asset, ...]:
        """What may be used in a channel only (`None`: everywhere), by id."""
        return st.assets(self._handle(), channel_id)

    def __repr__(self) -> str:
        return f"<kaiwa.Account {self.id}>"

    def feed(self, event: t.Event) -> None:
        """Looks at one of its events; the client calls it."""
        match event:
            case t.StatusConnecting() | t.StatusConnected():
                self._down = False
            case t.StatusDisconnected():
                self._down = True
            case _:
                pass

    def _handle(self) -> Any:
        self._core.open()
        return self._core.accounts.get(self.id, ffi.NULL)

    def _change(self, up: bool) -> Request[None]:
        change = Change(self._client, self.id, up)
        self._client._follow(change)  # pyright: ignore[reportPrivateUsage]
        return change

    def _do(self, function: Any, *arguments: Any) -> Request[None]:
        return self._ask(function, arguments, lambda _: None, None)

    def _ask(
        self, function: Any, arguments: tuple[Any, ...], collect: Callable[[t.Event], T | None], empty: T
    ) -> Request[T]:
        keep = Strings()
        number = ffi.new("uint64_t *")
        given = [one if isinstance(one, (int, ffi.CData)) else keep(one) for one in arguments]
        check(function(self._handle(), *given, number))
        # Nothing is taken from the library between the call and this: no event of it can be missed.
        id_: int = number[0]
        request = Request(self._client, id_, lambda event: collect(event) if event.request == id_ else None, empty)
        self._client._follow(request)  # pyright: ignore[reportPrivateUsage]
        return request


def said(event: t.Event) -> str | None:
    """The id that the network gave to a message."""
    return event.new_message.id if isinstance(event, t.ChatUpdate) else None


def past(event: t.Event) -> tuple[t.Message, ...] | None:
    """What history was given."""
    return event.messages if isinstance(event, t.ChatHistory) else None


def made(event: t.Event) -> t.Channel | None:
    """The channel that was created."""
    return event.channel if isinstance(event, t.ChannelNew) else None
