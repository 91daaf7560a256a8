"""Every piece of code in README.md runs, and so does what it tells to run."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import LIMIT, Server

HERE = Path(__file__).resolve().parent.parent
README = (HERE / "README.md").read_text(encoding="utf-8")
PIECES = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
URL = "ws://127.0.0.1:7878/wschat"

AROUND = f"""
import asyncio
import kaiwa

async def main() -> None:
    async with kaiwa.Client() as client:
        account = client.account("wschat", url="{URL}", name="me")
        await account.connect()
        async with asyncio.timeout({LIMIT}):
%s
asyncio.run(main())
"""


def test_the_bench_runs() -> None:
    ended = subprocess.run([sys.executable, HERE / "bench.py", "1000"], capture_output=True, text=True, timeout=LIMIT, check=True)
    assert len(ended.stdout.splitlines()) == 2, ended.stderr


def test_there_are_pieces_and_all_are_python() -> None:
    assert {language for language, _ in PIECES} == {"python"} and len(PIECES) > 5


@pytest.mark.parametrize("number", range(len(PIECES)))
def test_a_piece_runs(lasting_server: Server, number: int) -> None:
    code: str = PIECES[number][1]
    if "import kaiwa\n" not in code:
        code = AROUND % textwrap.indent(code, 12 * " ")
    code = code.replace(URL, lasting_server.url)
    ended = subprocess.run([sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, timeout=LIMIT)
    complaints = [line for line in ended.stderr.splitlines() if not re.match("DEBUG:(kaiwa|asyncio)", line)]
    assert (ended.returncode, complaints) == (0, []), ended.stderr
