"""The C library, and how strings and errors go in and out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from . import _kaiwa  # pyright: ignore  # made by the build
from .errors import BY_NUMBER, Error

ffi: Any = _kaiwa.ffi  # pyright: ignore
lib: Any = _kaiwa.lib  # pyright: ignore


def optional(text: Any) -> str | None:
    """A string of the library's; none where there is none."""
    data = text.data
    return None if data == ffi.NULL else ffi.buffer(data, text.len)[:].decode()


def text(text: Any) -> str:
    """A string of the library's."""
    return optional(text) or ""


class Strings:
    """Strings for the library; they live as long as this does."""

    def __init__(self) -> None:
        self._kept: list[Any] = []

    def __call__(self, text: str | None) -> Any:
        """One string; a lone surrogate, which is no text, is refused by the library."""
        if text is None:
            return (ffi.NULL, 0)
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a str is needed, not {type(text).__name__}")
        data = text.encode("utf-8", "surrogatepass")
        kept = ffi.from_buffer("char[]", data)
        self._kept.append(kept)
        return (kept, len(data))


def check(status: int) -> None:
    """Raises what the library's last call on this thread failed with."""
    if status == 0:
        return
    raise error(lib.kaiwa_last_error(), status)


def error(view: Any, status: int | None = None) -> Error:
    """An error of the library's as an exception."""
    wait = timedelta(milliseconds=view.retry_after_ms) if view.has_retry_after else None
    return BY_NUMBER.get(view.status if status is None else status, Error)(text(view.message), wait)


def fields(filled: dict[str, str], keep: Strings) -> Any:
    """A filled login form."""
    return ffi.new("kaiwa_login_field[]", [(keep(name), keep(value)) for name, value in filled.items()])
