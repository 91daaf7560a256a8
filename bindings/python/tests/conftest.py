"""What the tests have: a limit, and a server of the workspace on a port of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = os.environ.get("KAIWA_PROGRAM", str(ROOT / "target" / "debug" / "kaiwa"))


LIMIT = 30.0
"""Seconds after which a test has hung."""


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a test, bounded."""

    async def bounded() -> None:
        async with asyncio.timeout(LIMIT):
            await main()

    asyncio.run(bounded())


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Ends a test that hangs, whatever it waits for."""

    def end(_number: int, _frame: object) -> None:
        raise TimeoutError("the test hangs")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(2 * int(LIMIT))
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


class Server:
    """`kaiwa serve`."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url.endswith("/wschat"), "the server says first where wschat is"

    def pause(self) -> None:
        """Lets it read and answer nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Ends the pause."""
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Ends it without a goodbye."""
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server, for one test."""
    started = Server(tmp_path / "data")
    yield started
    started.kill()


@pytest.fixture(scope="module")
def lasting_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server, for all tests of a file that leave it as it is."""
    started = Server(tmp_path_factory.mktemp("server") / "data")
    yield started
    started.kill()
