"""Snapshots: what accounts have come to, and the networks that there are."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from . import _events as e
from . import _views as v
from . import types as t
from ._native import Strings, check, error, ffi, lib, optional, text
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
    return _each(_protocol, found.items, found.len)


def protocol(name: str) -> Protocol:
    """The network of a name. Raises `NotFoundError`, naming those that there are."""
    keep = Strings()
    place = ffi.new("const kaiwa_protocol **")
    check(lib.kaiwa_protocol_find(keep(name), place))
    return _protocol(place[0])


def capabilities(account: Any) -> t.Capabilities:
    """What an account's network can do."""
    with _given("kaiwa_capabilities", lib.kaiwa_account_capabilities, account) as found:
        return e.capabilities_at(v.address(found))


def state(account: Any) -> State:
    """What an account has come to."""
    with _given("kaiwa_state", lib.kaiwa_account_state, account) as s:
        return State(
            protocol=text(s.protocol),
            status=STATUSES[s.status],
            user_id=optional(s.user_id),
            current_channel_id=optional(s.current_channel_id),
            last_error=None if s.last_error == ffi.NULL else error(s.last_error),
            contacts=_each(_contact, s.contacts, s.contacts_len),
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
    return _list("kaiwa_message_list", lib.kaiwa_account_messages, lambda m: e.message_at(v.address(m)), account, channel_id, limit)


def assets(account: Any, channel_id: str | None) -> tuple[t.Asset, ...]:
    """The assets of a channel."""
    return _list("kaiwa_asset_list", lib.kaiwa_account_assets, lambda a: e.asset_at(v.address(a)), account, channel_id)


def _each(one: Callable[[Any], T], items: Any, count: int) -> tuple[T, ...]:
    return tuple([one(items[i]) for i in range(count)])


def _list(kind: str, function: Any, one: Callable[[Any], T], account: Any, *rest: str | int | None) -> tuple[T, ...]:
    with _given(kind, function, account, *rest) as found:
        return _each(one, found.items, found.len)


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
    return Protocol(text(p.name), text(p.about), _each(_field, p.fields, p.fields_len), e.capabilities_at(v.address(p.capabilities)))


def _field(f: Any) -> Field:
    return Field(
        name=text(f.name),
        display=optional(f.display),
        kind=FIELDS[f.kind],
        value=optional(f.value),
        required=f.required,
        fields=_each(_field, f.fields, f.fields_len),
    )


def _contact(c: Any) -> Contact:
    return Contact(text(c.user_id), CONTACTS[c.kind], v.PRESENCE.get(c.presence), optional(c.presence_text))


def _channel(c: Any) -> ChannelState:
    return ChannelState(e.channel_at(v.address(c.channel)), optional(c.topic), optional(c.parent_id), c.members_len, c.messages_len, _values(c))


def _member(m: Any) -> MemberState:
    return MemberState(
        user_id=text(m.user_id),
        role=v.ROLE.get(m.role),
        typing=m.typing,
        presence=v.PRESENCE.get(m.presence),
        presence_text=optional(m.presence_text),
        read_message_id=optional(m.read_message_id),
        profile=None if m.profile == ffi.NULL else e.profile_at(v.address(m.profile)),
    )


def _values(s: Any) -> dict[str, Any]:
    return dict(_each(lambda one: (text(one.key), json.loads(text(one.json))), s.values, s.values_len))
