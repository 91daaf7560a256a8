"""docs/events.schema.json, as the generated modules need it."""

from __future__ import annotations

import re
from typing import Any, TypeAlias

Json: TypeAlias = Any

HEAD = '"""{about}\n\nMade by generate.py from docs/events.schema.json and include/kaiwa.h; do not edit.\n"""\n\n'

CATEGORIES = ("Chat", "Channel", "User", "Status", "Asset")
RECORDS = ("Profile", "Channel", "Member", "ErrorInfo", "Capabilities", "Message")
ENUMS = (
    "AssetSource", "ChannelType", "Confirmation", "ErrorKind", "EventKind", "MessageStatus", "MessageType", "Presence", "Role",
)
# A variant that is one value has a field of this name.
NEWTYPES = {"Text": "text", "Url": "url", "AssetId": "asset_id", "EditedAt": "time", "Extra": "value", "Color": "rgba", "Background": "rgba"}


def variants(definition: Json) -> list[tuple[str, Json, str]]:
    """The known variants of a union: name, what is in it (None: nothing), what it means."""
    found: list[tuple[str, Json, str]] = []
    for one in definition["oneOf"]:
        if "const" in one:
            found.append((one["const"], None, one["description"]))
        elif "properties" in one:
            [(name, inner)] = one["properties"].items()
            found.append((name, inner, one["description"]))
    return found


def events(schema: Json) -> list[tuple[str, str, Json, str]]:
    """Every event: category, variant, what is in it, what it means."""
    return [
        (category, name, inner, about)
        for category in CATEGORIES
        for name, inner, about in variants(schema[category + "Event"])
    ]


def fields(inner: Json) -> list[tuple[str, str, str]]:
    """The fields of an object: name, kind (see `kind`), what it means."""
    if inner is None or inner is True:
        return []
    needed = inner.get("required", [])
    found: list[tuple[str, str, str]] = []
    for name, one in inner.get("properties", {}).items():
        what = kind(one)
        # In events a list or text that may be left out has a default; everything else that may be left out may be nothing.
        if name not in needed and not what.startswith(("?", "[")) and what != "any" and "default" not in one:
            what = "?" + what
        found.append((name, what, one.get("description", "")))
    # Those that must be given stand first; the order of the schema is that of the alphabet.
    return sorted(found, key=lambda field: (field[1].startswith("?") or field[1] == "any", field[0] in needed and needed.index(field[0])))


def kind(one: Json) -> str:
    """The kind of a value: `str`, `int`, `bool`, `time`, `any`, `rgba`, a class; `?` before it: or nothing; `[`: a list of it."""
    if one is True or not set(one) - {"description"}:
        return "any"
    if "anyOf" in one:
        return "?" + kind(one["anyOf"][0])
    if "$ref" in one:
        name = one["$ref"].rsplit("/", 1)[1]
        return "int" if name in ("RequestId", "AccountId") else str(name)
    names = one["type"] if isinstance(one["type"], list) else [one["type"]]
    mark = "?" if "null" in names else ""
    match names[0]:
        case "string":
            return mark + ("time" if one.get("format") == "date-time" else "str")
        case "integer":
            return mark + "int"
        case "boolean":
            return mark + "bool"
        case "array" if one.get("maxItems") == 4:
            return mark + "rgba"
        case "array":
            return mark + "[" + kind(one["items"])
        case other:
            raise SystemExit(f"generate.py does not know the type {other}")


PLAIN = {"time": "datetime", "any": "Any", "rgba": "Rgba", "MessageFragment": "Fragment"}


def annotation(what: str) -> str:
    """A kind as Python writes it."""
    if what.startswith("?"):
        return annotation(what[1:]) + " | None"
    if what.startswith("["):
        return f"tuple[{annotation(what[1:])}, ...]"
    return PLAIN.get(what, what) + (" | Unknown" if what in ENUMS else "")


def variant(name: str, inner: Json) -> list[tuple[str, str, str]]:
    """The fields of a variant, also of one that is a single value."""
    if inner is not None and (inner is True or "properties" not in inner):
        return [(NEWTYPES[name], kind(inner), "")]
    return fields(inner)


def snake(name: str) -> str:
    """ChatNew becomes chat_new."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
