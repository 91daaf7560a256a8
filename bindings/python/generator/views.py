"""Writes the functions that read the C library's structs, one for each class."""

from __future__ import annotations

import re
from typing import TypeAlias

from generator.schema import ENUMS, HEAD, RECORDS, Json, annotation, events, fields, snake, variant, variants

Structs: TypeAlias = dict[str, list[tuple[str, bool]]]
"""The members of each struct, in their order, and whether they are strings."""

# What a struct calls a field, where it differs; "" stands for any struct.
NAMES = {
    ("", "new_message"): "message",
    ("", "new_channel"): "channel",
    ("", "new_user"): "user",
    ("", "new_asset"): "asset",
    ("event", "public"): "is_public",
    ("event", "value"): "value_json",
    ("error", "kind"): "status",
    ("fragment", "args"): "strings",
    ("fragment", "user_ids"): "strings",
    ("fragment", "rgba"): "color",
    ("fragment", "value"): "json",
}

TOP = """from __future__ import annotations

from collections.abc import Callable

from . import _views as v
from . import types as t
from ._native import lib

memory = v.memory
"""

END = '''

def event_at(at: int) -> t.Event:
    """An event. Raises `KeyError` for what has no number here: only its JSON tells what it is."""
    return EVENTS[EVENT_KIND(memory, at)[0]](at)
'''


def views(schema: Json, header: str) -> str:
    """How the classes come out of the structs."""
    known = structs(header)
    text = HEAD.format(about="Events and what they are made of, out of the C library's structs, each by its address.") + TOP
    for name in RECORDS:
        text += reader(name, {"ErrorInfo": "error"}.get(name, snake(name)), fields(schema[name]), known)
    for union, suffix, struct in (("MessageFragment", "", "fragment"), ("Asset", "Asset", "asset")):
        rows: list[tuple[str, str]] = []
        for name, inner, _ in variants(schema[union]):
            text += reader(name + suffix, struct, variant(name, inner), known)
            rows.append(("asset" if name == "AssetId" else name, name + suffix))
        text += table(struct, f"t.{annotation(union)}", rows)
        text += f"\n\ndef {struct}_at(at: int) -> t.{annotation(union)}:\n"
        text += f"    return {struct.upper()}S[{struct.upper()}_KIND(memory, at)[0]](at)\n"
    found = [(category + name, fields(inner)) for category, name, inner, _ in events(schema)]
    for name, row in found:
        text += reader(name, "event", row, known)
    return text + table("event", "t.Event", [(name, name) for name, _ in found]) + END


def structs(header: str) -> Structs:
    """The structs of the header."""
    return {
        name: [(member, kind.strip() == "kaiwa_str") for kind, member in re.findall(r"^  (\w.*?[ *])(\w+)(?:\[4\])?;$", inner, re.MULTILINE)]
        for name, inner in re.findall(r"^struct kaiwa_(\w+) \{\n(.*?)^\};", header, re.MULTILINE | re.DOTALL)
    }


def table(struct: str, result: str, rows: list[tuple[str, str]]) -> str:
    """Which function is for which kind."""
    lines = "".join(f"    lib.KAIWA_{struct.upper()}_{snake(number).upper()}: {snake(name)}_at,\n" for number, name in rows)
    kinds = f'{struct.upper()}_KIND = v.layout("kaiwa_{struct}", "kind")\n'
    return f"\n\n{struct.upper()}S: dict[int, Callable[[int], {result}]] = {{\n{lines}}}\n{kinds}"


def reader(name: str, struct: str, rows: list[tuple[str, str, str]], known: Structs) -> str:
    """The function that reads one class: it unpacks the members that this class has, and fills its mould."""
    made: list[tuple[str, list[str], str]] = []
    if struct == "event":
        # An event that was made from JSON knows its request only by the one that it ends.
        request = "ended_request" if name in ("StatusDone", "StatusFailed") else "request"
        made = [("account", ["account"], "account"), ("seq", ["seq"], "seq"), ("request", [request], request)]
        rows = [row for row in rows if row[0] != "request"]
    for field, what, _ in rows:
        member = NAMES.get((struct, field)) or NAMES.get(("", field)) or field
        made.append((field, *value(member, what)))
    members = {member for _, needs, _ in made for member in needs}
    wanted = [one for one in known[struct] if one[0] in members]
    if len(wanted) != len(members):
        raise SystemExit(f"kaiwa_{struct} in include/kaiwa.h lacks some of {sorted(members)}, which {name} needs")
    upper, quoted = snake(name).upper(), ", ".join(f'"{member}"' for member, _ in wanted)
    places = ", ".join(f"{member}, {member}_size" if is_text else member for member, is_text in wanted)
    places += "," * (", " not in places)
    text = f'\n\n{upper} = v.mould(t.{name})\n{upper}_IN = v.layout("kaiwa_{struct}", {quoted})\n'
    text += f"\n\ndef {snake(name)}_at(at: int) -> t.{name}:\n"
    text += f"    {places} = {upper}_IN(memory, at)\n    new = {upper}()\n"
    text += "".join(f"    new.{field} = {expression}\n" for field, _, expression in made)
    return text + f"    new.__class__ = t.{name}\n    return new\n"


def value(member: str, what: str) -> tuple[list[str], str]:
    """The members that a field needs, and what makes it of them."""
    bare = what.removeprefix("?")
    has = f"has_{member.removesuffix('_ms').removesuffix('_bytes')}"
    if bare == "time":
        needs, made, when = [f"{member}_ms", f"{member}_ns"], f"v.time({member}_ms, {member}_ns)", has
    elif bare == "str":
        needs, made, when = [member], f"memory[{member} : {member} + {member}_size].decode()", member
    elif bare == "any":
        needs, made, when = [member], f"v.value({member}, {member}_size)", ""
    elif bare in ("int", "bool"):
        needs, made, when = [member], member, has
    elif bare == "rgba":
        needs, made, when = [member], f"tuple({member})", has
    elif bare == "Style":
        needs, made, when = [member, "color"], f"v.style({member}, color)", ""
    elif bare in ("[str", "[EventKind"):
        needs, made, when = [member, f"{member}_len"], f"v.{ {'s': 'strings', 'E': 'event_kinds'}[bare[1]] }({member}, {member}_len)", ""
    elif bare.startswith("["):
        needs, made, when = [member, f"{member}_len"], f"v.many({maker(bare[1:])}, {member}, {member}_len)", ""
    elif bare in ENUMS:
        needs, made, when = [member], f"v.{snake(bare).upper()}[{member}]", member
    else:
        needs, made, when = [member], f"{maker(bare)}({member})", member
    if not what.startswith("?"):
        return needs, made
    return needs + [when] * when.startswith("has_"), f"{made} if {when} else None"


def maker(kind: str) -> str:
    """The function for a record or a union."""
    return {"MessageFragment": "fragment"}.get(kind, snake(kind)) + "_at"
