"""Messages that are being put together."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from functools import partial
from typing import Any

from . import types as t
from ._json import dump_fragment
from ._log import outside
from ._native import Strings, check, ffi, lib

STYLES = {one: getattr(lib, f"KAIWA_STYLE_{one.name}") for one in t.PlainStyle}


class Draft:
    """A message that is being put together; it stays as it is when it is sent.

    Everything returns the draft, so that calls can be chained: `Draft().mention("7", "@mia").text(" hello")`. A `Draft` may
    as well be made of fragments: `Draft.of([kaiwa.Text("hello")])`.
    """

    def __init__(self) -> None:
        place = ffi.new("kaiwa_draft **")
        check(lib.kaiwa_draft_new(place))
        self.handle: Any = ffi.gc(place[0], partial(outside, lib.kaiwa_draft_free))

    @staticmethod
    def of(content: str | Draft | Iterable[t.Fragment]) -> Draft:
        """A draft of anything that a message may be given as."""
        if isinstance(content, Draft):
            return content
        draft = Draft()
        if isinstance(content, str):
            return draft.text(content)
        for fragment in content:
            draft.fragment(fragment)
        return draft

    def text(self, text: str) -> Draft:
        """Adds plain text."""
        return self._add(lib.kaiwa_draft_text, text)

    def url(self, url: str) -> Draft:
        """Adds a link that shows itself."""
        return self._add(lib.kaiwa_draft_url, url)

    def asset(self, asset_id: str) -> Draft:
        """Adds an asset; as the first fragment a command, whose arguments follow as text."""
        return self._add(lib.kaiwa_draft_asset, asset_id)

    def upload(self, path: str, name: str | None = None, mime: str | None = None) -> Draft:
        """Adds a file of this machine, which goes along."""
        return self._add(lib.kaiwa_draft_upload, path, name, mime)

    def mention(self, user_id: str, text: str) -> Draft:
        """Adds a mention of somebody."""
        return self._add(lib.kaiwa_draft_mention, user_id, text)

    def reply(self, message_id: str) -> Draft:
        """Says that it answers another message; the last one said holds."""
        return self._add(lib.kaiwa_draft_reply, message_id)

    def fragment(self, fragment: t.Fragment) -> Draft:
        """Adds any fragment."""
        return self._add(lib.kaiwa_draft_json, dump_fragment(fragment))

    @contextmanager
    def style(self, style: t.Style) -> Generator[Draft]:
        """What is added within has a style: `with draft.style(kaiwa.PlainStyle.BOLD): …`."""
        number, rgba = STYLES.get(style, 0) if isinstance(style, t.PlainStyle) else 0, 0
        if isinstance(style, (t.Color, t.Background)):
            number = lib.KAIWA_STYLE_COLOR if isinstance(style, t.Color) else lib.KAIWA_STYLE_BACKGROUND
            rgba = int.from_bytes(bytes(style.rgba))
        check(lib.kaiwa_draft_begin_style(self.handle, number, rgba))
        try:
            yield self
        finally:
            check(lib.kaiwa_draft_end(self.handle))

    @contextmanager
    def link(self, url: str) -> Generator[Draft]:
        """What is added within is what a link shows."""
        keep = Strings()
        check(lib.kaiwa_draft_begin_link(self.handle, keep(url)))
        try:
            yield self
        finally:
            check(lib.kaiwa_draft_end(self.handle))

    def clear(self) -> Draft:
        """Empties it."""
        return self._add(lib.kaiwa_draft_clear)

    def _add(self, function: Any, *strings: str | None) -> Draft:
        keep = Strings()
        check(function(self.handle, *(keep(one) for one in strings)))
        return self
