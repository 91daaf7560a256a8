"""Records and fragments out of the C library's flat view.

Events come this way and not through JSON: see README.md for the measurement.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from . import types as t
from ._native import ffi, lib, optional, text

__all__ = ["optional", "text"]

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NULL = ffi.NULL


class Newer(Exception):
    """The view has no number for something: only JSON tells what it is."""


def numbers(cls: type[E], prefix: str) -> dict[int, E]:
    """The members of an enum by the library's numbers."""
    return {getattr(lib, f"{prefix}_{one.name}"): one for one in cls}


ASSET_SOURCES = numbers(t.AssetSource, "KAIWA_ASSET_SOURCE")
CHANNEL_TYPES = numbers(t.ChannelType, "KAIWA_CHANNEL")
CONFIRMATIONS = numbers(t.Confirmation, "KAIWA_CONFIRMATION")
ERROR_KINDS = numbers(t.ErrorKind, "KAIWA_ERR")
EVENT_KINDS = numbers(t.EventKind, "KAIWA_EVENT")
MESSAGE_STATUSES = numbers(t.MessageStatus, "KAIWA_MESSAGE")
MESSAGE_TYPES = numbers(t.MessageType, "KAIWA_MESSAGE")
PRESENCES = numbers(t.Presence, "KAIWA_PRESENCE")
ROLES = numbers(t.Role, "KAIWA_ROLE")
PLAIN_STYLES = numbers(t.PlainStyle, "KAIWA_STYLE")
NUMBERS = {kind: number for number, kind in EVENT_KINDS.items()}


def known(table: dict[int, E], number: int) -> E:
    """The member of a number."""
    found = table.get(number)
    if found is None:
        raise Newer
    return found


def many(one: Callable[[Any], T], items: Any, count: int) -> tuple[T, ...]:
    """A list."""
    return tuple([one(items[i]) for i in range(count)])


def presence(number: int) -> t.Presence:
    """How somebody is."""
    return known(PRESENCES, number)


def time(ms: int, ns: int) -> datetime:
    """A moment, to the microsecond; the first or last that Python knows for those beyond."""
    try:
        return EPOCH + timedelta(milliseconds=ms, microseconds=ns // 1000)
    except OverflowError:
        return (datetime.max if ms > 0 else datetime.min).replace(tzinfo=UTC)


def value(shown: Any) -> Any:
    """A value in JSON."""
    found = optional(shown)
    return None if found is None else json.loads(found)


def rgba(color: Any) -> t.Rgba:
    """A colour."""
    return (color[0], color[1], color[2], color[3])


def message(m: Any) -> t.Message:
    """A message."""
    return t.Message(
        content=many(fragment, m.content, m.content_len),
        timestamp=time(m.timestamp_ms, m.timestamp_ns),
        message_type=known(MESSAGE_TYPES, m.message_type),
        status=known(MESSAGE_STATUSES, m.status),
        id=optional(m.id),
        sender_id=optional(m.sender_id),
    )


def channel(c: Any) -> t.Channel:
    """A channel."""
    return t.Channel(id=text(c.id), channel_type=known(CHANNEL_TYPES, c.channel_type), name=optional(c.name))


def profile(p: Any) -> t.Profile:
    """A person."""
    return t.Profile(
        color=rgba(p.color) if p.has_color else None,
        display_name=optional(p.display_name),
        id=optional(p.id),
        picture=optional(p.picture),
        username=optional(p.username),
    )


def member(m: Any) -> t.Member:
    """Somebody's place in a channel."""
    return t.Member(user_id=text(m.user_id), role=known(ROLES, m.role))


def error_info(e: Any) -> t.ErrorInfo:
    """An error."""
    return t.ErrorInfo(
        kind=known(ERROR_KINDS, e.status),
        message=text(e.message),
        retry_after_ms=e.retry_after_ms if e.has_retry_after else None,
    )


def capabilities(c: Any) -> t.Capabilities:
    """What a network can do."""
    return t.Capabilities(
        confirmation=known(CONFIRMATIONS, c.confirmation),
        sends=tuple(known(EVENT_KINDS, c.sends[i]) for i in range(c.sends_len)),
        max_file_bytes=c.max_file_bytes if c.has_max_file else None,
        max_text_bytes=c.max_text_bytes if c.has_max_text else None,
    )


def asset(a: Any) -> t.Asset:
    """An asset."""
    pattern, source, id_ = text(a.pattern), known(ASSET_SOURCES, a.source), optional(a.id)
    if a.kind == lib.KAIWA_ASSET_COMMAND:
        return t.CommandAsset(pattern=pattern, args=many(fragment, a.args, a.args_len), source=source, id=id_)
    cls = ASSETS.get(a.kind)
    if cls is None:
        raise Newer
    return cls(pattern=pattern, src=text(a.src), source=source, id=id_)


ASSETS: dict[int, type[t.EmoteAsset | t.StickerAsset | t.AudioAsset]] = {
    lib.KAIWA_ASSET_EMOTE: t.EmoteAsset,
    lib.KAIWA_ASSET_STICKER: t.StickerAsset,
    lib.KAIWA_ASSET_AUDIO: t.AudioAsset,
}


def style(f: Any) -> t.Style:
    """The style of a fragment."""
    if f.style == lib.KAIWA_STYLE_COLOR:
        return t.Color(rgba(f.color))
    if f.style == lib.KAIWA_STYLE_BACKGROUND:
        return t.Background(rgba(f.color))
    return known(PLAIN_STYLES, f.style)


def fragment(f: Any) -> t.Fragment:
    """A piece of a message."""
    make = FRAGMENTS.get(f.kind)
    if make is None:
        raise Newer
    return make(f)


def content(f: Any) -> tuple[t.Fragment, ...]:
    """What lies within a fragment."""
    return many(fragment, f.content, f.content_len)


def strings(f: Any) -> tuple[str, ...]:
    """The strings of a fragment."""
    return tuple(text(f.strings[i]) for i in range(f.strings_len))


def file(f: Any) -> t.File:
    """A file that lies on the network."""
    return t.File(url=text(f.url), name=text(f.name), mime=text(f.mime), size=f.size if f.has_size else None)


FRAGMENTS: dict[int, Callable[[Any], t.Fragment]] = {
    lib.KAIWA_FRAGMENT_TEXT: lambda f: t.Text(text(f.text)),
    lib.KAIWA_FRAGMENT_IMAGE: lambda f: t.Image(text(f.url), text(f.mime)),
    lib.KAIWA_FRAGMENT_VIDEO: lambda f: t.Video(text(f.url), text(f.mime)),
    lib.KAIWA_FRAGMENT_AUDIO: lambda f: t.Audio(text(f.url), text(f.mime)),
    lib.KAIWA_FRAGMENT_URL: lambda f: t.Url(text(f.url)),
    lib.KAIWA_FRAGMENT_ASSET: lambda f: t.AssetId(text(f.asset_id)),
    lib.KAIWA_FRAGMENT_FILE: file,
    lib.KAIWA_FRAGMENT_UPLOAD: lambda f: t.Upload(path=text(f.path), mime=optional(f.mime), name=optional(f.name)),
    lib.KAIWA_FRAGMENT_STYLED: lambda f: t.Styled(style=style(f), content=content(f)),
    lib.KAIWA_FRAGMENT_LINK: lambda f: t.Link(url=text(f.url), content=content(f)),
    lib.KAIWA_FRAGMENT_MENTION: lambda f: t.Mention(user_id=text(f.user_id), text=text(f.text)),
    lib.KAIWA_FRAGMENT_CHANNEL_LINK: lambda f: t.ChannelLink(channel_id=text(f.channel_id), text=text(f.text)),
    lib.KAIWA_FRAGMENT_MESSAGE_LINK: lambda f: t.MessageLink(message_id=text(f.message_id), channel_id=optional(f.channel_id)),
    lib.KAIWA_FRAGMENT_REPLY: lambda f: t.Reply(text(f.message_id)),
    lib.KAIWA_FRAGMENT_EDITED_AT: lambda f: t.EditedAt(time(f.time_ms, f.time_ns)),
    lib.KAIWA_FRAGMENT_REACTION: lambda f: t.Reaction(emoji=text(f.emoji), user_ids=strings(f)),
    lib.KAIWA_FRAGMENT_NOTICE: lambda f: t.Notice(code=text(f.code), args=strings(f)),
    lib.KAIWA_FRAGMENT_EXTRA: lambda f: t.Extra(value(f.json)),
}
