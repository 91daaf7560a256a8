"""What the tests have: a server of the workspace, on a port of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = os.environ.get("KAIWA_PROGRAM", str(ROOT / "target" / "debug" / "kaiwa"))


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
