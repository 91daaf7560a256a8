"""Writes the generated modules of the package: `python generate.py`, or `python generate.py --check` to see whether they fit.

Classes and their manual come from docs/events.schema.json, the numbers of errors from include/kaiwa.h.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from generator.schema import ENUMS, HEAD, RECORDS, Json, annotation, events, fields, snake, variant, variants
from generator.views import views

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PACKAGE = HERE / "src" / "kaiwa"
# The groups of errors by number, as the header tells them.
GROUPS = (
    (1, "MisuseError", "The caller made a mistake.", "Error"),
    (20, "RefusalError", "The network refuses.", "Error"),
    (40, "PeerError", "The peer is broken.", "Error"),
    (50, "TransportError", "The transport failed.", "Error, ConnectionError"),
    (70, "LibraryError", "This library or its machine failed.", "Error"),
)
ALSO = {"Invalid": "ValueError", "NotFound": "LookupError", "TimedOut": "TimeoutError"}


def main() -> int:
    """Writes the files, or compares them."""
    schema = json.loads((ROOT / "docs" / "events.schema.json").read_text(encoding="utf-8"))["$defs"]
    header = (ROOT / "include" / "kaiwa.h").read_text(encoding="utf-8")
    files = {"types.py": types(schema), "errors.py": errors(schema, header), "_table.py": table(schema), "_events.py": views(schema, header)}
    wrong = [name for name, text in files.items() if not same(PACKAGE / name, text)]
    if "--check" in sys.argv:
        if wrong:
            print(f"run bindings/python/generate.py: {', '.join(wrong)} no longer fit the schema", file=sys.stderr)
        return len(wrong)
    for name in wrong:
        (PACKAGE / name).write_text(files[name], encoding="utf-8")
    return 0


def same(path: Path, text: str) -> bool:
    """Whether a file is so already."""
    return path.is_file() and path.read_text(encoding="utf-8") == text


def manual(text: str, indent: str = "    ") -> str:
    """A docstring; Rust's links become plain names."""
    text = re.sub(r"\[`([^`\]]+)`\](\([^)]*\))?", r"`\1`", text).replace("::", ".").replace("\n", " ")
    text = text if text.endswith(".") else text + "."
    return f'{indent}"""{text}"""\n'


PARTS = '''
    @property
    def text(self) -> str:
        """The plain text of it: what is shown of `content`, joined."""
        return "".join(shown(one) for one in self.content)

    @property
    def reply_to(self) -> str | None:
        """The id of the message that this one answers."""
        return next((one.message_id for one in self.content if isinstance(one, Reply)), None)
'''

SHOWN = '''

def shown(fragment: Fragment) -> str:
    """What is shown of a fragment, as text."""
    match fragment:
        case Text(text=text) | Mention(text=text) | ChannelLink(text=text):
            return text
        case Url(url=url) | Image(url=url) | Video(url=url) | Audio(url=url) | File(url=url):
            return url
        case Styled(content=content):
            return "".join(shown(one) for one in content)
        case Link(url=url, content=content):
            return "".join(shown(one) for one in content) or url
        case AssetId(asset_id=asset_id):
            return asset_id
        case Upload(path=path, name=name):
            return name or path
        case MessageLink(message_id=message_id):
            return message_id
        case _:
            return ""
'''


def dataclass(name: str, about: str, rows: list[tuple[str, str, str]], base: str = "") -> str:
    """A frozen class."""
    text = f"\n\n@dataclass(frozen=True, slots=True)\nclass {name}{base}:\n{manual(about)}"
    for field, what, meaning in rows:
        default = " = None" if what.startswith("?") or what == "any" else ""
        text += f"\n    {field}: {annotation(what)}{default}\n{manual(meaning) if meaning else ''}"
    return text


def types(schema: Json) -> str:
    """The classes."""
    text = HEAD.format(about="Events and what they are made of.")
    text += "from __future__ import annotations\n\nfrom dataclasses import KW_ONLY, dataclass\nfrom datetime import datetime\nfrom enum import Enum\n"
    text += "from typing import Any, TypeAlias\n\nRgba: TypeAlias = tuple[int, int, int, int]\n"
    text += dataclass("Unknown", "Something of a newer version: its name, and what is in it as JSON gives it.", [("kind", "str", ""), ("json", "any", "")])
    for name in ENUMS:
        text += f"\n\nclass {name}(Enum):\n{manual(schema[name].get('description', name))}"
        for one in schema[name]["oneOf"]:
            if "const" in one:
                text += f'\n    {snake(one["const"]).upper()} = "{one["const"]}"\n{manual(one["description"])}'
    plain = [(name, about) for name, inner, about in variants(schema["Style"]) if inner is None]
    text += f"\n\nclass PlainStyle(Enum):\n{manual('A style without a colour.')}"
    for name, about in plain:
        text += f'\n    {name.upper()} = "{name}"\n{manual(about)}'
    for name, inner, about in variants(schema["Style"]):
        if inner is not None:
            text += dataclass(name, about, variant(name, inner))
    text += "\n\nStyle: TypeAlias = PlainStyle | Color | Background | Unknown\n"
    for name, inner, about in variants(schema["MessageFragment"]):
        text += dataclass(name, about, variant(name, inner))
    names = [name for name, _, _ in variants(schema["MessageFragment"])]
    text += "\n\nFragment: TypeAlias = (\n    " + "\n    | ".join([*names, "Unknown"]) + "\n)\n"
    for name, inner, about in variants(schema["Asset"]):
        text += dataclass(name + "Asset", about, fields(inner))
    text += "\n\nAsset: TypeAlias = " + " | ".join([*(name + "Asset" for name, _, _ in variants(schema["Asset"])), "Unknown"]) + "\n"
    for name in RECORDS:
        text += dataclass(name, schema[name]["description"], fields(schema[name]))
    text += PARTS + SHOWN + EVENT
    for category, name, inner, about in events(schema):
        rows = [row for row in fields(inner) if (category, row[0]) != ("Status", "request")]
        text += dataclass(category + name, about, rows, "(Event)")
    text += dataclass("UnknownEvent", "An event of a newer version: its name, and the whole of it as JSON gives it.", [("kind", "str", ""), ("json", "any", "")], "(Event)")
    return text + public(text)


def public(text: str) -> str:
    """The names that a module gives."""
    names = sorted(re.findall(r"^(?:class |def )?(\w+)(?:\(.*\).*:|:|: TypeAlias = .*)$", text, re.MULTILINE))
    return "\n\n__all__ = [\n" + "".join(f'    "{name}",\n' for name in names if name != "shown") + "]\n"


EVENT = '''

@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, or that a user wants to happen."""

    _: KW_ONLY

    account: int = 0
    """The number of the account where it happened; 0 for an event that was made by hand."""

    seq: int = 0
    """Rises by one with each event of the account."""

    request: int = 0
    """The request that caused it, or that ended; 0 if none did."""

    def to_json(self) -> str:
        """The event as JSON (`ConnectionEvent` in events.schema.json)."""
        from ._json import dump

        return dump(self)
'''


def errors(schema: Json, header: str) -> str:
    """The tree of exceptions."""
    numbers = {name: int(number) for name, number in re.findall(r"KAIWA_ERR_(\w+) = -(\d+)", header)}
    text = HEAD.format(about="What can go wrong, as a tree: a group for each cause, in it a class for each kind.")
    text += "from __future__ import annotations\n\nfrom datetime import timedelta\n"
    text += ERROR
    for _, name, about, base in GROUPS:
        text += f"\n\nclass {name}({base}):\n{manual(about)}"
    rows: list[tuple[int, str]] = []
    for name, _, about in variants(schema["ErrorKind"]):
        number = numbers[snake(name).upper()]
        group = [group for first, group, _, _ in GROUPS if first <= number][-1]
        base = f"{group}, {ALSO[name]}" if name in ALSO else group
        text += f'\n\nclass {name}Error({base}):\n{manual(about)}\n    kind = "{name}"\n'
        rows.append((number, name))
    text += f'\n\nclass PanicError(LibraryError):\n{manual("A bug in this library, met within the call.")}\n    kind = "Panic"\n'
    rows.append((numbers["PANIC"], "Panic"))
    text += "\n\nBY_NUMBER: dict[int, type[Error]] = {\n" + "".join(f"    -{number}: {name}Error,\n" for number, name in rows) + "}\n"
    return text + '"""The class of each status of the C library."""\n' + public(text)


ERROR = '''

class Error(Exception):
    """Something went wrong."""

    kind: str = "Other"
    """The name of the kind (`ErrorKind` in events.schema.json)."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.message = message
        """One line for a person, with the reason."""
        self.retry_after = retry_after
        """How long the other side asks to wait."""
'''


def table(schema: Json) -> str:
    """How the classes stand in JSON."""
    text = HEAD.format(about="How the classes stand in JSON: (field, kind) in order; kinds as in generate.py.")
    text += "from __future__ import annotations\n\nfrom enum import Enum\n\nfrom . import types as t\n\nRow = tuple[tuple[str, str], ...]\n"
    text += "\nRECORDS: dict[str, tuple[type, Row]] = {\n"
    for name in RECORDS:
        text += f'    "{name}": (t.{name}, {rows(fields(schema[name]))}),\n'
    text += "}\n\n# Whether a variant is one value and no object, and its fields.\nUNIONS: dict[str, dict[str, tuple[type, bool, Row]]] = {\n"
    for union, suffix in (("MessageFragment", ""), ("Asset", "Asset"), ("Style", "")):
        text += f'    "{union}": {{\n'
        for name, inner, _ in variants(schema[union]):
            if inner is not None:
                single = inner is True or "properties" not in inner
                text += f'        "{name}": (t.{name}{suffix}, {single}, {rows(variant(name, inner))}),\n'
        text += "    },\n"
    text += "}\n\nENUMS: dict[str, type[Enum]] = {\n" + "".join(f'    "{name}": t.{name},\n' for name in ENUMS) + '    "Style": t.PlainStyle,\n}\n'
    text += "\n# Whether an event has fields in JSON at all, and which.\nEVENTS: dict[tuple[str, str], tuple[type[t.Event], bool, Row]] = {\n"
    for category, name, inner, _ in events(schema):
        text += f'    ("{category}", "{name}"): (t.{category}{name}, {inner is not None}, {rows(fields(inner))}),\n'
    return text + "}\n"


def rows(found: list[tuple[str, str, str]]) -> str:
    """Fields as a tuple."""
    return "(" + "".join(f'("{name}", "{what}"), ' for name, what, _ in found).rstrip() + ")"


if __name__ == "__main__":
    sys.exit(main())
