"""Clients and examples against a real server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import LIMIT, ROOT, Server, run

import kaiwa

EXAMPLES = ROOT / "examples" / "python"


def test_two_people_talk(server: Server) -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            mia, noa = (client.account("wschat", url=server.url, name=name) for name in ("mia", "noa"))
            await asyncio.gather(mia.connect(), noa.connect())
            await mia.send_text("hello")
            async for event in client.events():
                match event:
                    case kaiwa.ChatNew(message=message) if event.account == noa.id and message.text == "hello":
                        break
                    case _:
                        pass

    run(main)


def test_a_killed_server_is_told(server: Server) -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            account = client.account("wschat", url=server.url, name="mia")
            await account.connect()
            server.process.kill()
            async for event in client.events():
                if isinstance(event, kaiwa.StatusLost):
                    assert event.retry_in_ms is not None
                    break
            await account.disconnect()

    run(main)


def test_nobody_listens() -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            account = client.account("wschat", url="ws://127.0.0.1:1/", name="mia")
            account.connect()
            async for event in client.events():
                if isinstance(event, kaiwa.StatusLost):
                    assert event.error.kind is kaiwa.ErrorKind.REFUSED
                    break

    run(main)


def test_the_bot_answers(server: Server) -> None:
    bot = subprocess.Popen([sys.executable, EXAMPLES / "bot.py", server.url], stdout=subprocess.PIPE, text=True)
    try:
        assert bot.stdout is not None
        assert bot.stdout.readline() == "connected\n"

        async def main() -> None:
            async with kaiwa.Client() as client:
                account = client.account("wschat", url=server.url, name="mia")
                await account.connect()
                await account.send_text("!echo hello")
                async for event in client.events():
                    match event:
                        case kaiwa.ChatNew(message=message) if message.text.endswith("you said: hello"):
                            break
                        case _:
                            pass

        run(main)
    finally:
        bot.terminate()
        bot.communicate()


def test_a_chat_in_a_pipe(server: Server) -> None:
    example: list[str | Path] = [sys.executable, EXAMPLES / "tui_free_chat.py", server.url, "mia"]
    chat = subprocess.run(example, input="hello\nagain\n", capture_output=True, text=True, timeout=LIMIT, check=True)
    assert [line for line in chat.stdout.splitlines() if "hello" in line or "again" in line], chat.stderr


@pytest.mark.parametrize("example", ["bot.py", "tui_free_chat.py"])
def test_an_example_says_why_it_fails(example: str, tmp_path: Path) -> None:
    command: list[str | Path] = [sys.executable, EXAMPLES / example, "nonsense://", "mia"]
    failed = subprocess.run(command, input="", capture_output=True, text=True, timeout=LIMIT, cwd=tmp_path)
    assert failed.returncode == 1
    assert failed.stderr.startswith("error: ")
    assert "Traceback" not in failed.stderr
