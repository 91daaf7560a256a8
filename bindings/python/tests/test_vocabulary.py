"""Every event: out of the view and out of JSON it is the same, and the classes fit the schema."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import kaiwa
from kaiwa._core import decode
from kaiwa._events import FRAGMENTS, event_at
from kaiwa._json import NAMES, VARIANTS
from kaiwa._native import Strings, check, ffi, lib
from kaiwa._table import ENUMS, EVENTS, RECORDS, UNIONS
from kaiwa._views import address

HERE = Path(__file__).resolve().parent.parent


def sample(kind: str, full: bool) -> Any:
    """A value of a kind, in JSON."""
    if kind.startswith("?"):
        return sample(kind[1:], full) if full else None
    if kind == "[MessageFragment":
        return [sample_variant("MessageFragment", name, full) for name in UNIONS["MessageFragment"] if name not in NESTED]
    if kind.startswith("["):
        return [sample(kind[1:], full)] if full else []
    if kind in RECORDS:
        return sample_row(RECORDS[kind][1], full)
    if kind in UNIONS:
        return sample_variant(kind, next(iter(UNIONS[kind])), full)
    if kind in ENUMS:
        return list(ENUMS[kind])[-1].value
    return {"str": "é", "int": 7, "bool": full, "any": {"a": [1, None]}, "rgba": [1, 2, 3, 4], "time": "2026-01-02T03:04:05.678901Z"}[kind]


NESTED = ("Styled", "Link", "Upload")


def sample_variant(union: str, name: str, full: bool) -> Any:
    """A variant of a union, in JSON."""
    _, single, row = UNIONS[union][name]
    return {name: sample(row[0][1], full) if single else sample_row(row, full)}


def sample_row(row: Any, full: bool) -> Any:
    """An object, in JSON."""
    return {name: sample(kind, full) for name, kind in row if full or not kind.startswith("?")}


def by_view(wire: Any) -> kaiwa.Event:
    """An event out of the library's view."""
    keep = Strings()
    place = ffi.new("const kaiwa_event **")
    check(lib.kaiwa_event_from_json(keep(json.dumps(wire)), place))
    try:
        # Not `decode`, which takes the JSON of what the view cannot tell.
        return event_at(address(place[0]))
    finally:
        lib.kaiwa_event_release(place[0])


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("place", list(EVENTS))
def test_an_event_is_the_same_by_view_and_by_json(place: tuple[str, str], full: bool) -> None:
    cls, has, row = EVENTS[place]
    inner = sample_row(row, full)
    wire = {place[0]: {"event": {place[1]: inner} if has else place[1]}}
    viewed = by_view(wire)
    told = kaiwa.event_from_json(json.dumps(wire))
    assert type(viewed) is cls
    if place in (("Status", "Done"), ("Status", "Failed")):
        assert viewed.request == told.request == 7
    assert viewed == told
    assert repr(viewed) == repr(told)
    assert kaiwa.event_from_json(viewed.to_json()) == viewed
    with pytest.raises(dataclasses.FrozenInstanceError):
        viewed.seq = 1  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_every_fragment_style_and_asset_comes_out() -> None:
    text = {"Text": "é"}
    styles: list[Any] = [one.value for one in kaiwa.PlainStyle] + [{"Color": [1, 2, 3, 4]}, {"Background": [1, 2, 3, 4]}]
    content: list[Any] = [{"Styled": {"style": style, "content": [text]}} for style in styles]
    content += [{"Link": {"url": "u", "content": [text]}}, {"Upload": {"path": "p", "name": "n", "mime": "m"}}]
    message = {**sample_row(RECORDS["Message"][1], True), "content": content}
    wires: list[Any] = [{"Chat": {"event": {"New": {"message": message}}}}]
    wires += [{"Asset": {"event": {"New": {"asset": sample_variant("Asset", name, True)}}}} for name in UNIONS["Asset"]]
    for wire in wires:
        assert by_view(wire) == kaiwa.event_from_json(json.dumps(wire))


def test_what_the_view_has_no_number_for_comes_by_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(FRAGMENTS, lib.KAIWA_FRAGMENT_TEXT)
    keep, place = Strings(), ffi.new("const kaiwa_event **")
    wire = {"Chat": {"event": {"New": {"message": sample_row(RECORDS["Message"][1], True)}}}}
    check(lib.kaiwa_event_from_json(keep(json.dumps(wire)), place))
    with pytest.raises(KeyError):
        event_at(address(place[0]))
    assert decode(address(place[0])) == kaiwa.event_from_json(json.dumps(wire))
    lib.kaiwa_event_release(place[0])


def test_what_is_newer_is_kept() -> None:
    wire = {"Chat": {"event": {"Whisper": {"to": "mia"}}}}
    event = kaiwa.event_from_json(json.dumps(wire))
    assert event == kaiwa.UnknownEvent("ChatWhisper", wire)
    assert json.loads(event.to_json()) == wire
    message = {**sample_row(RECORDS["Message"][1], True), "content": [{"Hologram": {"x": 1}}], "status": "Dreamt"}
    newer = kaiwa.event_from_json(json.dumps({"Chat": {"event": {"New": {"message": message}}}}))
    assert isinstance(newer, kaiwa.ChatNew)
    assert newer.message.content == (kaiwa.Unknown("Hologram", {"x": 1}),)
    assert newer.message.status == kaiwa.Unknown("Dreamt")


@pytest.mark.parametrize("text", ["", "[]", "1", "{", "{}", '{"Chat": 1}', '{"Chat": {"event": {"New": {}}}}', '{"Chat": {"event": {"New": {"message": 1}}}}'])
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises(kaiwa.InvalidError):
        kaiwa.event_from_json(text)


def test_the_generated_modules_fit_the_schema() -> None:
    checked = subprocess.run([sys.executable, HERE / "generate.py", "--check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert len(NAMES) == len(EVENTS) and VARIANTS
