"""The library's log within `logging`."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator

import pytest
from conftest import LIMIT, run

import kaiwa
import kaiwa._log
import kaiwa._native
from kaiwa._native import ffi, lib

NOISY = "garbage:3"
"""A script of the mock network by which the library speaks, at debug."""


@pytest.fixture(autouse=True)
def quiet_again() -> Iterator[None]:
    yield
    kaiwa.disable_logging()


class Here(logging.Handler):
    """Keeps records, and the threads on which they came."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.threads: set[int] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self.threads.add(threading.get_ident())


@pytest.fixture
def here() -> Iterator[Here]:
    handler, logger = Here(), logging.getLogger("kaiwa")
    logger.addHandler(handler)
    logger.setLevel(1)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_lines_come_on_the_thread_that_reads(here: Here) -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            await client.account("mock").connect()
            kaiwa.enable_logging(logging.DEBUG)
            client.account("mock", script=NOISY).connect()
            reader = asyncio.create_task(read(client))
            while not here.records:
                await asyncio.sleep(0)
            reader.cancel()

    async def read(client: kaiwa.Client) -> None:
        async for _ in client.events():
            pass

    threads = threading.enumerate()
    run(main)
    assert {record.name.split(".")[0] for record in here.records} == {"kaiwa"}
    spoken = next(record for record in here.records if record.name == "kaiwa.protocols.driver.shared")
    assert spoken.levelno == logging.DEBUG and "not understood" in spoken.getMessage()
    assert here.threads == {threading.get_ident()}
    assert threading.enumerate() == threads


def test_a_line_wakes_who_waits_for_events(here: Here) -> None:
    async def main() -> None:
        kaiwa.enable_logging(logging.DEBUG)
        async with kaiwa.Client() as client:
            reader = asyncio.create_task(client.next())
            await asyncio.sleep(0)
            say("a line and no event")
            while not here.records:
                await asyncio.sleep(0)
            assert not reader.done()
            reader.cancel()

    run(main)


def test_lines_come_without_a_loop_too(here: Here) -> None:
    kaiwa.enable_logging(logging.DEBUG)
    with kaiwa.Client() as client:
        client.account("mock", script=NOISY).connect()
        end = time.monotonic() + LIMIT
        while not here.records and time.monotonic() < end:
            client.poll(LIMIT / 100)
    assert here.records


def test_the_level_is_the_librarys(here: Here) -> None:
    for level in (logging.INFO, logging.CRITICAL + 1):
        kaiwa.enable_logging(level)
        with kaiwa.Client() as client:
            client.account("mock", script=NOISY).connect().wait(LIMIT)
    kaiwa.disable_logging()
    assert [record for record in here.records if record.levelno < logging.INFO] == []


def test_lines_that_nobody_takes_are_counted(here: Here) -> None:
    kaiwa.enable_logging(logging.DEBUG)
    for number in range(kaiwa._log.LINES + 5):
        say(str(number))
    kaiwa.disable_logging()
    assert [record.getMessage() for record in here.records[:-1]] == [str(number) for number in range(kaiwa._log.LINES)]
    assert here.records[-1].getMessage().startswith("5 lines") and here.records[-1].levelno == logging.WARNING


def test_a_client_that_dies_while_a_line_is_kept_is_closed_later(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    kaiwa.enable_logging(logging.DEBUG)
    forgotten = [kaiwa.Client(threads=1)]
    core = forgotten[0]._core  # pyright: ignore[reportPrivateUsage]
    text = kaiwa._native.text
    dropped = threading.Event()

    def drop(shown: object) -> str:
        # As if garbage were collected here.
        while forgotten:
            forgotten.pop().close()
            dropped.set()
        return text(shown)

    monkeypatch.setattr(kaiwa._log, "text", drop)
    freed: list[object] = []
    monkeypatch.setattr(core, "_free", freed.append)
    with kaiwa.Client(threads=1) as client:
        client.account("mock", script=NOISY).connect()
        assert dropped.wait(LIMIT)
        end = time.monotonic() + LIMIT
        while not freed and time.monotonic() < end:
            client.poll(LIMIT / 100)
    assert core.handle is None
    lib.kaiwa_client_free(freed[0])


def say(message: str) -> None:
    """A line, as the library says it."""
    data = ffi.new("char[]", message.encode())
    target = ffi.new("char[]", b"kaiwa_test")
    keep = ffi.cast("kaiwa_log_handler", kaiwa._log._handler)  # pyright: ignore[reportPrivateUsage]
    keep(ffi.NULL, lib.KAIWA_LOG_INFO, (target, 10), (data, len(message)))
