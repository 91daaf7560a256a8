"""The C library's structs, read where they lie: events and what they are made of come this way, see README.md for why.

A struct is known by its address. One call unpacks the members that are wanted; offsets and sizes are the declaration's own.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, TypeVar

from . import types as t
from ._native import ffi, lib

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

memory: Any = ffi.buffer(ffi.cast("char *", 0), sys.maxsize)
"""All memory, by address. Nothing but addresses that the library shows may be read, and only while it shows them."""

# Of 64 bits: a buffer reaches half of what a pointer could say, which is more than a 64-bit system has.
ADDRESS = {8: "Q"}[ffi.sizeof("void *")]
KINDS = {"pointer": ADDRESS, "struct": 2 * ADDRESS, "enum": "i"}
CODES = {"size_t": ADDRESS, "int64_t": "q", "uint64_t": "Q", "uint32_t": "I", "_Bool": "?", "uint8_t[4]": "4s"}


def layout(name: str, *wanted: str) -> Callable[[Any, int], tuple[Any, ...]]:
    """What unpacks members of a struct, which are named in its order: `layout("kaiwa_error", "status")(memory, address)`.

    A string is two members, its address and its length; a pointer is an address, an enum a number.
    """
    members: dict[str, Any] = dict(ffi.typeof(name).fields)
    place, text = 0, "="
    for member in wanted:
        field = members[member]
        code = KINDS.get(field.type.kind) or CODES[field.type.cname]
        text += f"{field.offset - place}x{code}"
        place = field.offset + struct.calcsize("=" + code)
    return struct.Struct(text).unpack_from


def mould(cls: type[Any]) -> Any:
    """A class with the shape of a frozen one whose objects can be filled; setting their `__class__` freezes them.

    A frozen class sets its fields one by one past its own refusal, which takes most of the time of making an event.
    """
    slots = {"__slots__": getattr(cls, "__slots__"), "__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(cls.__name__, cls.__bases__, slots)


def address(pointer: Any) -> int:
    """Where something lies that cffi shows."""
    return int(ffi.cast("uintptr_t", pointer))


POINTERS = [struct.Struct(f"={count}{ADDRESS}").unpack_from for count in range(9)]


def pointers(items: int, count: int) -> tuple[int, ...]:
    """An array of pointers."""
    unpack = POINTERS[count] if count < 9 else struct.Struct(f"={count}{ADDRESS}").unpack_from
    return unpack(memory, items)


def many(one: Callable[[int], T], items: int, count: int) -> tuple[T, ...]:
    """A list."""
    if count == 1:
        return (one(POINTERS[1](memory, items)[0]),)
    return tuple([one(item) for item in pointers(items, count)]) if count else ()


def strings(items: int, count: int) -> tuple[str, ...]:
    """A list of strings, which lie in a row."""
    found = pointers(items, 2 * count)
    return tuple([memory[data : data + size].decode() for data, size in zip(found[::2], found[1::2], strict=True)])


def numbers(cls: type[E], prefix: str) -> dict[int, E]:
    """The members of an enum by the library's numbers."""
    return {getattr(lib, f"{prefix}_{one.name}"): one for one in cls}


ASSET_SOURCE = numbers(t.AssetSource, "KAIWA_ASSET_SOURCE")
CHANNEL_TYPE = numbers(t.ChannelType, "KAIWA_CHANNEL")
CONFIRMATION = numbers(t.Confirmation, "KAIWA_CONFIRMATION")
ERROR_KIND = numbers(t.ErrorKind, "KAIWA_ERR")
EVENT_KIND = numbers(t.EventKind, "KAIWA_EVENT")
MESSAGE_STATUS = numbers(t.MessageStatus, "KAIWA_MESSAGE")
MESSAGE_TYPE = numbers(t.MessageType, "KAIWA_MESSAGE")
PRESENCE = numbers(t.Presence, "KAIWA_PRESENCE")
ROLE = numbers(t.Role, "KAIWA_ROLE")
PLAIN_STYLES = numbers(t.PlainStyle, "KAIWA_STYLE")
NUMBERS = {kind: number for number, kind in EVENT_KIND.items()}


def event_kinds(items: int, count: int) -> tuple[t.EventKind, ...]:
    """A list of kinds of events."""
    return tuple([EVENT_KIND[number] for number in struct.unpack_from(f"={count}i", memory, items)])


def time(ms: int, ns: int) -> datetime:
    """A moment, to the microsecond; the first or last that Python knows for those beyond."""
    try:
        return EPOCH + timedelta(0, 0, ms * 1000 + ns // 1000)
    except OverflowError:
        return (datetime.max if ms > 0 else datetime.min).replace(tzinfo=UTC)


def value(data: int, size: int) -> Any:
    """A value in JSON."""
    return json.loads(memory[data : data + size]) if data else None


def style(number: int, color: bytes) -> t.Style:
    """The style of a fragment."""
    red, green, blue, alpha = color
    if number == lib.KAIWA_STYLE_COLOR:
        return t.Color((red, green, blue, alpha))
    if number == lib.KAIWA_STYLE_BACKGROUND:
        return t.Background((red, green, blue, alpha))
    return PLAIN_STYLES[number]
