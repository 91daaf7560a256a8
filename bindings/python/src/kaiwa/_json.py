"""Events to and from their JSON, by the table of classes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, cast

from . import types as t
from ._native import check, ffi, lib, text
from ._table import ENUMS, EVENTS, RECORDS, UNIONS, Row

NAMES = {cls: (category, name, has, row) for (category, name), (cls, has, row) in EVENTS.items()}
VARIANTS = {cls: (name, single, row) for union in UNIONS.values() for name, (cls, single, row) in union.items()}
ROWS = {cls: row for cls, row in RECORDS.values()}


def dump(event: t.Event) -> str:
    """An event as JSON."""
    if isinstance(event, t.UnknownEvent):
        return json.dumps(event.json)
    if type(event) not in NAMES:
        raise TypeError(f"an event is needed, not {type(event).__name__}")
    category, name, has, row = NAMES[type(event)]
    return json.dumps({category: {"event": {name: write_row(event, row)} if has else name}})


def dump_fragment(fragment: t.Fragment) -> str:
    """A fragment as JSON."""
    return json.dumps(write(fragment))


def write(value: object) -> Any:
    """Anything of which events are made."""
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case t.Unknown():
            return value.kind if value.json is None else {value.kind: value.json}
        case tuple():
            return [write(one) for one in cast("tuple[object, ...]", value)]
        case _ if type(value) in VARIANTS:
            name, single, row = VARIANTS[type(value)]
            # What a network says beyond the vocabulary is JSON already.
            one = getattr(value, row[0][0]) if single else None
            return {name: (one if name == "Extra" else write(one)) if single else write_row(value, row)}
        case _ if type(value) in ROWS:
            return write_row(value, ROWS[type(value)])
        case _:
            return value


def write_row(value: object, row: Row) -> dict[str, Any]:
    """The fields of an object; what is nothing is left out."""
    found = {name: getattr(value, name) for name, _ in row}
    return {name: one if kind == "any" else write(one) for (name, kind), one in zip(row, found.values(), strict=True) if one is not None}


def event_from_json(json_text: str) -> t.Event:
    """An event from its JSON (`ConnectionEvent` in events.schema.json), for what was recorded and for tests of applications.

    Raises `InvalidError` for what is no event. One of a newer version becomes an `UnknownEvent`.
    """
    from .errors import InvalidError

    try:
        return read_event(json.loads(json_text))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as problem:
        raise InvalidError(f"no event: {problem}") from problem


def of_view(event: Any) -> t.Event:
    """An event of the library's by way of its JSON, for what its view has no number for."""
    place = ffi.new("kaiwa_json **")
    check(lib.kaiwa_event_json(event, place))
    try:
        wire = json.loads(text(place[0].text))
    finally:
        lib.kaiwa_json_free(place[0])
    return read_event(wire, account=event.account, seq=event.seq, request=event.request)


def read_event(wire: Any, **envelope: int) -> t.Event:
    """An event."""
    category, body = variant(wire)
    if category not in {known for known, _ in EVENTS}:
        return t.UnknownEvent(category, wire, **envelope)
    name, inner = variant(body["event"])
    if (category, name) not in EVENTS:
        return t.UnknownEvent(category + name, wire, **envelope)
    cls, _, row = EVENTS[category, name]
    found = read_row(inner or {}, row)
    return cls(**{**envelope, **found})


def variant(wire: Any) -> tuple[str, Any]:
    """The name of a variant, and what is in it."""
    if isinstance(wire, str):
        return wire, None
    [(name, inner)] = wire.items()
    return name, inner


def read_row(wire: Mapping[str, Any], row: Row) -> dict[str, Any]:
    """The fields of an object."""
    found: dict[str, Any] = {}
    for name, kind in row:
        if kind == "any" or kind.startswith("?"):
            one = wire.get(name)
            found[name] = one if one is None or kind == "any" else read(kind[1:], one)
        elif kind.startswith("["):
            found[name] = read(kind, wire.get(name, []))
        elif kind == "Confirmation" and name not in wire:
            found[name] = t.Confirmation.ACKNOWLEDGED
        else:
            found[name] = read(kind, wire[name])
    return found


PLAIN: dict[str, type] = {"str": str, "int": int, "bool": bool}


def read(kind: str, wire: Any) -> Any:
    """A value of a kind."""
    if kind.startswith("["):
        return tuple(read(kind[1:], one) for one in wire)
    if kind in PLAIN:
        if type(wire) is not PLAIN[kind]:
            raise TypeError(f"{wire!r} is no {kind}")
        return wire
    if kind == "any":
        return wire
    if kind == "rgba":
        red, green, blue, alpha = wire
        return (red, green, blue, alpha)
    if kind == "time":
        return datetime.fromisoformat(wire).astimezone(UTC)
    if kind in RECORDS:
        cls, row = RECORDS[kind]
        return cls(**read_row(wire, row))
    name, inner = variant(wire)
    if kind in UNIONS and name in UNIONS[kind]:
        cls, single, row = UNIONS[kind][name]
        return cls(read(row[0][1], inner)) if single else cls(**read_row(inner, row))
    if kind in ENUMS and inner is None:
        try:
            return ENUMS[kind](name)
        except ValueError:
            pass
    return t.Unknown(name, inner)
