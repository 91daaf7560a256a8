"""The library's log, handed to `logging`.

The library speaks on threads of its own. There a line is only kept; whoever reads a client hands it on, on the reader's
thread. So handlers of `logging` run where the program runs, and the library never waits for them.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from ._native import check, ffi, lib, text

LINES = 10_000
"""Lines that are kept until they are handed on, about 2 MB; those beyond are counted."""

LEVELS = {
    lib.KAIWA_LOG_ERROR: logging.ERROR,
    lib.KAIWA_LOG_WARN: logging.WARNING,
    lib.KAIWA_LOG_INFO: logging.INFO,
    lib.KAIWA_LOG_DEBUG: logging.DEBUG,
    lib.KAIWA_LOG_TRACE: 5,
}


def enable_logging(level: int = logging.INFO) -> None:
    """Hands the library's log to `logging`: lines of `level` and above, to loggers below `kaiwa`, for example
    `kaiwa.protocols.driver`; 5 is everything.

    Lines come while a client is read or a request is awaited, on that thread, and when the program ends. Passwords and tokens
    are never in them; the text of messages may be, at 5.
    """
    global _descriptor
    if _descriptor is None:
        _descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
    _set(min((number for number, least in LEVELS.items() if least >= level), key=LEVELS.__getitem__, default=0))


def disable_logging() -> None:
    """Ends what `enable_logging` began; lines that wait are handed on."""
    _set(0)
    hand_on()


def descriptor() -> int | None:
    """Readable when lines wait; `None` before there is a log. The caller gets one of its own, which it closes."""
    return None if _descriptor is None else os.dup(_descriptor)


def hand_on() -> None:
    """Hands on what waits, and does what was put off."""
    global _left_out
    if _descriptor is None:
        return
    try:
        os.eventfd_read(_descriptor)
    except BlockingIOError:
        return
    while _later:
        _later.popleft()()
    with _lock:
        left_out, _left_out = _left_out, 0
    while _lines:
        level, target, message = _lines.popleft()
        name = target.removeprefix("kaiwa_").replace("::", ".")
        logging.getLogger(f"kaiwa.{name}").log(LEVELS.get(level, logging.ERROR), "%s", message)
    if left_out:
        logging.getLogger("kaiwa").warning("%d lines of the log are left out, because no client was read", left_out)


def outside(function: Callable[..., object], *arguments: Any) -> None:
    """Calls the library to free something, or puts it off: a collection of garbage may begin while a line is kept, where
    the library must not be called."""
    # Only where there is a log can that be. How the library refuses this call, which never does anything, tells.
    if _descriptor is not None and lib.kaiwa_draft_clear(ffi.NULL) == lib.KAIWA_ERR_REENTRANT:
        _later.append(lambda: function(*arguments))
        os.eventfd_write(_descriptor, 1)
    else:
        function(*arguments)


_descriptor: int | None = None
_lock = threading.Lock()
_lines: deque[tuple[int, str, str]] = deque()
_left_out = 0
_later: deque[Callable[[], object]] = deque()


def _keep(_userdata: Any, level: int, target: Any, message: Any) -> None:
    global _left_out
    with _lock:
        if len(_lines) < LINES:
            _lines.append((level, text(target), text(message)))
        else:
            _left_out += 1
    if _descriptor is not None:
        os.eventfd_write(_descriptor, 1)


_handler = ffi.callback("kaiwa_log_handler", _keep)


def _set(level: int) -> None:
    # Waits for lines that are being kept; cffi lets go of the interpreter meanwhile.
    check(lib.kaiwa_set_log_handler(level, ffi.NULL, _handler if level else ffi.NULL, ffi.NULL))


def _end() -> None:
    # No thread of the library's may come into an interpreter that is ending.
    if _descriptor is not None:
        disable_logging()


atexit.register(_end)
