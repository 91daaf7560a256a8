"""Snapshots: what accounts have come to, and the networks that there are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from . import _views as v
from . import types as t
from ._native import Strings, check, error, ffi, lib
from .errors import Error

T = TypeVar("T")


class ConnectionStatus(Enum):
    """Whether a connection is up."""

    DISCONNECTED = "Disconnected"
    CONNECTING = "Connecting"
    CONNECTED = "Connected"


class ContactKind(Enum):
    """How far two people are on the way to being contacts."""

    ASKED = "Asked"
    ASKING = "Asking"
    CONFIRMED = "Confirmed"


class FieldKind(Enum):
    """What a field of a login form is for."""

    TEXT = "Text"
    PASSWORD = "Password"
    GROUP = "Group"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a login form; those of a group are called `group.field` when a form is filled."""

    name: str
    display: str | None
    kind: FieldKind
    value: str | None
    required: bool
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Protocol:
    """A network: its name, its login form, and what it can do as far as is known before a sign-in."""

    name: str
    about: str
    fields: tuple[Field, ...]
    capabilities: t.Capabilities


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who is a contact of the user, or may become one."""

    user_id: str
    kind: ContactKind
    presence: t.Presence | None
    presence_text: str | None


@dataclass(frozen=True, slots=True)
class State:
    """What an account has come to."""

    protocol: str
    status: ConnectionStatus
    user_id: str | None
    current_channel_id: str | None
    last_error: Error | None
    contacts: tuple[Contact, ...]
    values: dict[str, Any]
    left_out: int


@dataclass(frozen=True, slots=True)
class ChannelState:
    """What an account knows of a channel."""

    channel: t.Channel
    topic: str | None
    parent_id: str | None
    members: int
    messages: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MemberState:
    """Somebody in a channel, and how they are."""

    user_id: str
    role: t.Role | None
    typing: bool
    presence: t.Presence | None
    presence_text: str | None
    read_message_id: str | None
    profile: t.Profile | None


STATUSES = v.numbers(ConnectionStatus, "KAIWA_CONNECTION")
CONTACTS = v.numbers(ContactKind, "KAIWA_CONTACT")
FIELDS = v.numbers(FieldKind, "KAIWA_FIELD")


def protocols() -> tuple[Protocol, ...]:
    """The networks in this library, by name."""
    found = lib.kaiwa_protocols()
    return v.many(_protocol, found.items, found.len)


def protocol(name: str) -> Protocol:
    """The network of a name. Raises `NotFoundError`, naming those that there are."""
    keep = Strings()
    place = ffi.new("const kaiwa_protocol **")
    check(lib.kaiwa_protocol_find(keep(name), place))
    return _protocol(place[0])


def capabilities(account: Any) -> t.Capabilities:
    """What an account's network can do."""
    with _given("kaiwa_capabilities", lib.kaiwa_account_capabilities, account) as found:
        return v.capabilities(found)


def state(account: Any) -> State:
    """What an account has come to."""
    with _given("kaiwa_state", lib.kaiwa_account_state, account) as s:
        return State(
            protocol=v.text(s.protocol),
            status=v.known(STATUSES, s.status),
            user_id=v.optional(s.user_id),
            current_channel_id=v.optional(s.current_channel_id),
            last_error=None if s.last_error == ffi.NULL else error(s.last_error),
            contacts=v.many(_contact, s.contacts, s.contacts_len),
            values=_values(s),
            left_out=s.left_out,
        )


def channels(account: Any) -> tuple[ChannelState, ...]:
    """The channels of an account."""
    return _list("kaiwa_channel_list", lib.kaiwa_account_channels, _channel, account)


def members(account: Any, channel_id: str | None) -> tuple[MemberState, ...]:
    """Who is in a channel."""
    return _list("kaiwa_member_list", lib.kaiwa_account_members, _member, account, channel_id)


def messages(account: Any, channel_id: str, limit: int) -> tuple[t.Message, ...]:
    """The messages of a channel."""
    if limit < 0:
        raise ValueError("limit is negative")
    return _list("kaiwa_message_list", lib.kaiwa_account_messages, v.message, account, channel_id, limit)


def assets(account: Any, channel_id: str | None) -> tuple[t.Asset, ...]:
    """The assets of a channel."""
    return _list("kaiwa_asset_list", lib.kaiwa_account_assets, v.asset, account, channel_id)


def _list(kind: str, function: Any, one: Callable[[Any], T], account: Any, *rest: str | int | None) -> tuple[T, ...]:
    with _given(kind, function, account, *rest) as found:
        return v.many(one, found.items, found.len)


@contextmanager
def _borrow(kind: str, function: Any, account: Any, *rest: str | int | None) -> Any:
    keep = Strings()
    place = ffi.new(f"{kind} **")
    check(function(account, *(one if isinstance(one, int) else keep(one) for one in rest), place))
    try:
        yield place[0]
    finally:
        getattr(lib, f"{kind}_free")(place[0])


_given: Callable[..., AbstractContextManager[Any]] = _borrow


def _protocol(p: Any) -> Protocol:
    return Protocol(v.text(p.name), v.text(p.about), v.many(_field, p.fields, p.fields_len), v.capabilities(p.capabilities))


def _field(f: Any) -> Field:
    return Field(
        name=v.text(f.name),
        display=v.optional(f.display),
        kind=v.known(FIELDS, f.kind),
        value=v.optional(f.value),
        required=f.required,
        fields=v.many(_field, f.fields, f.fields_len),
    )


def _contact(c: Any) -> Contact:
    return Contact(v.text(c.user_id), v.known(CONTACTS, c.kind), v.PRESENCES.get(c.presence), v.optional(c.presence_text))


def _channel(c: Any) -> ChannelState:
    return ChannelState(v.channel(c.channel), v.optional(c.topic), v.optional(c.parent_id), c.members_len, c.messages_len, _values(c))


def _member(m: Any) -> MemberState:
    return MemberState(
        user_id=v.text(m.user_id),
        role=v.ROLES.get(m.role),
        typing=m.typing,
        presence=v.PRESENCES.get(m.presence),
        presence_text=v.optional(m.presence_text),
        read_message_id=v.optional(m.read_message_id),
        profile=None if m.profile == ffi.NULL else v.profile(m.profile),
    )


def _values(s: Any) -> dict[str, Any]:
    found = (s.values[i] for i in range(s.values_len))
    return {v.text(one.key): v.value(one.json) for one in found}
