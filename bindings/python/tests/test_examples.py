"""The examples against a real server, run as by a user."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import LIMIT, ROOT, Server, run

import kaiwa

EXAMPLES = ROOT / "examples" / "python"


class Example(subprocess.Popen[str]):
    """A running example, whose warnings would be seen."""

    def __init__(self, name: str, *arguments: str) -> None:
        command = [sys.executable, "-W", "default", str(EXAMPLES / name), *arguments]
        super().__init__(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def says(self, wanted: str) -> None:
        """Waits for a line."""
        assert self.stdout is not None
        for line in self.stdout:
            if line.strip() == wanted:
                return
        raise AssertionError(f"never said {wanted!r}, but: {self.communicate(timeout=LIMIT)}")

    def say(self, line: str) -> None:
        """Types a line."""
        assert self.stdin is not None
        self.stdin.write(line + "\n")
        self.stdin.flush()


@pytest.fixture
def start() -> Iterator[Callable[..., Example]]:
    """Starts examples, and ends them."""
    started: list[Example] = []

    def begin(*arguments: str) -> Example:
        started.append(Example(*arguments))
        return started[-1]

    yield begin
    for example in started:
        example.kill()
        example.communicate()


def is_quiet(complaints: str) -> bool:
    """Whether an example has told what happened on its network, and nothing else."""
    return re.fullmatch("((connected|lost: .*|not (sent|done): .*)\n)*", complaints) is not None


def test_the_bot_answers_others_and_not_itself(server: Server, start: Callable[..., Example]) -> None:
    bot = start("bot.py", server.url)
    bot.says("connected")

    async def main() -> None:
        async with kaiwa.Client() as client:
            account = client.account("wschat", url=server.url, name="mia")
            await account.connect()
            await account.send_text("!echo !echo hello")
            await account.send_text("!echo end")
            answers: list[str] = []
            async for event in client.events():
                match event:
                    case kaiwa.ChatNew(message=message) if message.text.startswith("you said: "):
                        answers.append(message.text)
                        if message.text == "you said: end":
                            break
                    case _:
                        pass
            assert answers == ["you said: !echo hello", "you said: end"]

    run(main)


def test_a_chat_over_a_pipe(server: Server, start: Callable[..., Example]) -> None:
    mia, noa = (start("tui_free_chat.py", server.url, name) for name in ("mia", "noa"))
    mia.say("hello")
    mia.say("")
    mia.says("<mia> hello")
    noa.say("who is there")
    noa.says("<noa> who is there")
    mia.says("<noa> who is there")
    said, complaints = mia.communicate("one\ntwo, without an end", timeout=LIMIT)
    assert said.splitlines() == ["<mia> one", "<mia> two, without an end"]
    assert (mia.returncode, complaints) == (0, "connected\n")


def test_a_chat_from_a_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("hello\n\nagain\n")
    with (tmp_path / "lines").open() as lines:
        command = [sys.executable, str(EXAMPLES / "tui_free_chat.py"), server.url, "mia"]
        chat = subprocess.run(command, stdin=lines, capture_output=True, text=True, timeout=LIMIT, check=True)
    assert chat.stdout.splitlines() == ["<mia> hello", "<mia> again"], chat.stderr


def test_a_chat_on_a_terminal_leaves_it_as_it_was(server: Server) -> None:
    outer, inner = os.openpty()
    command = [sys.executable, str(EXAMPLES / "tui_free_chat.py"), server.url, "mia"]
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=subprocess.PIPE) as chat:
        os.write(outer, b"hello\n")
        shown = b""
        while b"<mia> hello" not in shown:
            shown += os.read(outer, 1000)
        assert os.get_blocking(inner)
        chat.send_signal(signal.SIGINT)
        assert chat.wait(LIMIT) == 0
        assert is_quiet(chat.communicate()[1].decode())
    os.close(outer)
    os.close(inner)


@pytest.mark.parametrize("name", ["bot.py", "tui_free_chat.py"])
def test_ctrl_c_ends_an_example(server: Server, start: Callable[..., Example], name: str) -> None:
    example = start(name, server.url, "mia")
    if name == "bot.py":
        example.says("connected")
    else:
        example.say("hello")
        example.says("<mia> hello")
    example.send_signal(signal.SIGINT)
    assert is_quiet(example.communicate(timeout=LIMIT)[1]) and example.returncode == 0


@pytest.mark.parametrize("name", ["bot.py", "tui_free_chat.py"])
def test_an_example_outlives_its_server_and_hears_ctrl_c(server: Server, start: Callable[..., Example], name: str) -> None:
    example = start(name, server.url, "mia")
    if name == "bot.py":
        example.says("connected")
    else:
        example.say("hello")
        example.says("<mia> hello")
    server.kill()
    if name == "tui_free_chat.py":
        assert example.stderr is not None
        assert example.stderr.readline() == "connected\n"
        assert re.fullmatch("lost: .+, trying again\n", example.stderr.readline())
        example.say("is anybody there")
        example.says("<mia> is anybody there")
    else:
        # Nothing of it is told; the bot is there or trying to be.
        assert example.poll() is None
    example.send_signal(signal.SIGINT)
    assert is_quiet(example.communicate(timeout=LIMIT)[1]) and example.returncode == 0


@pytest.mark.parametrize("name", ["bot.py", "tui_free_chat.py"])
@pytest.mark.parametrize("arguments", [["nonsense://", "mia"], ["", "mia"], ["ws://127.0.0.1:x/", "mia"], ["ws://127.0.0.1/\udc80", "mia"], [], ["a", "b", "c"]])
def test_an_example_says_what_is_wrong(name: str, arguments: list[str], tmp_path: Path) -> None:
    command: list[str | Path] = [sys.executable, EXAMPLES / name, *arguments]
    failed = subprocess.run(command, input="", capture_output=True, text=True, timeout=LIMIT, cwd=tmp_path)
    assert failed.returncode == 1
    assert failed.stderr.startswith("error: ") if len(arguments) == 2 else "Usage: " in failed.stderr
    assert "Traceback" not in failed.stderr
