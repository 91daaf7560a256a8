"""Clients that end in every way: forgotten, twice, with their loop, interrupted, with the program."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
from typing import Any

import pytest
from conftest import LIMIT, Server, run

import kaiwa
import kaiwa._core
from kaiwa import types as t


def test_a_forgotten_client_is_closed_and_told() -> None:
    client = kaiwa.Client(threads=1)
    client.account("mock").connect()
    core = client._core  # pyright: ignore[reportPrivateUsage]
    with pytest.warns(ResourceWarning, match="unclosed <kaiwa.Client accounts=1>"):
        del client
        gc.collect()
    assert core.handle is None


def test_a_client_may_be_closed_twice() -> None:
    async def main() -> None:
        client = kaiwa.Client(threads=1)
        account = client.account("mock")
        await account.connect()
        await asyncio.gather(client.aclose(), client.aclose())
        client.close()
        await client.aclose()
        async with client:
            # What came until then is still handed out, then the end.
            told = [event async for event in client.events()]
            assert isinstance(told[-1], kaiwa.StatusDisconnected)
            assert await client.next() is None
        assert client.poll(0) is None and list(client.iterate(0)) == []
        for late in (account.connect, account.state, account.channels, lambda: client.account("mock")):
            with pytest.raises(kaiwa.StateError, match="closed"):
                late()

    run(main)


def test_a_body_that_is_cancelled_closes() -> None:
    async def main() -> None:
        client = kaiwa.Client(threads=1)
        inside = asyncio.Event()

        async def body() -> None:
            async with client:
                await client.account("mock").connect()
                inside.set()
                async for _ in client.events():
                    pass

        task = asyncio.create_task(body())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert client._core.handle is None  # pyright: ignore[reportPrivateUsage]

    run(main)


def test_waiting_for_a_request_is_cancelled_and_the_request_is_not(server: Server) -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            account = client.account("wschat", url=server.url, name="mia")
            await account.connect()
            server.pause()
            request = account.send_text("hello")
            waiting = asyncio.ensure_future(request)
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(request, 0)
            assert not request.done
            server.resume()
            assert await request == await request != ""

    run(main)


def test_a_loop_that_is_closed_first_does_no_harm() -> None:
    client = kaiwa.Client(threads=1)
    left = asyncio.new_event_loop()
    abandoned: Any = left.create_task(client.next())
    left.run_until_complete(asyncio.sleep(0))
    left.close()
    abandoned._log_destroy_pending = False

    async def main() -> None:
        account = client.account("mock")
        await account.connect()
        assert isinstance(await client.next(), t.Event)

    run(main)
    client.close()


def test_closing_after_the_loop_in_which_somebody_waits() -> None:
    client = kaiwa.Client(threads=1)
    left = asyncio.new_event_loop()
    abandoned: Any = left.create_task(client.next())
    left.run_until_complete(asyncio.sleep(0))
    left.close()
    abandoned._log_destroy_pending = False
    client.close()


def test_two_clients_in_one_loop() -> None:
    async def talk(text: str) -> None:
        async with kaiwa.Client(threads=1) as client:
            account = client.account("mock")
            await account.connect()
            await account.send_text(text)
            async for event in client.events():
                if isinstance(event, kaiwa.ChatUpdate):
                    assert event.new_message.text == text
                    return

    async def main() -> None:
        await asyncio.gather(talk("one"), talk("two"))

    run(main)


def test_a_second_loop_is_refused_while_the_first_waits() -> None:
    async def main() -> None:
        async with kaiwa.Client(threads=1) as client:
            account = client.account("mock", script="swallow")
            await account.connect()
            request = account.send_text("never answered")
            waiting = asyncio.ensure_future(request)
            await asyncio.sleep(0)

            async def wait() -> None:
                await request

            with pytest.raises(kaiwa.StateError, match="another loop"):
                await asyncio.to_thread(asyncio.run, wait())
            waiting.cancel()

    run(main)


def test_reading_from_within_a_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with kaiwa.Client(threads=1) as client:
        decode = kaiwa._core.decode

        def interrupted(event: int) -> t.Event:
            # Only the first time nothing is unread, which could be handed out without the library.
            monkeypatch.setattr(kaiwa._core, "decode", decode)
            with pytest.raises(kaiwa.StateError, match="one thread"):
                client.poll(0)
            return decode(event)

        monkeypatch.setattr(kaiwa._core, "decode", interrupted)
        client.account("mock").connect().wait(LIMIT)
        assert kaiwa._core.decode is decode


@pytest.mark.parametrize("taken", [False, True])
def test_ctrl_c_while_events_are_taken_is_raised_and_loses_nothing(monkeypatch: pytest.MonkeyPatch, taken: bool) -> None:
    with kaiwa.Client(threads=1) as client:
        decode = kaiwa._core.decode
        calls: list[int] = []

        def interrupted(event: int) -> t.Event:
            calls.append(event)
            if len(calls) == 3:
                if taken:
                    client._core.taken.append(decode(event))  # pyright: ignore[reportPrivateUsage]
                raise KeyboardInterrupt
            return decode(event)

        monkeypatch.setattr(kaiwa._core, "decode", interrupted)
        client.account("mock", script="flood:100").connect()
        seen: list[t.Event] = []
        raised = 0
        while sum(isinstance(event, kaiwa.ChatNew) for event in seen) < 100:
            try:
                event = client.poll(LIMIT)
                assert event is not None
                seen.append(event)
            except KeyboardInterrupt:
                raised += 1
        assert raised == 1
        assert [event.seq for event in seen] == list(range(1, len(seen) + 1))


def test_a_wait_without_a_loop_hears_signals() -> None:
    class Heard(Exception):
        pass

    def hear(_number: int, _frame: object) -> None:
        raise Heard

    before = signal.signal(signal.SIGUSR1, hear)
    poke = threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGUSR1))
    try:
        with kaiwa.Client(threads=1) as client, pytest.raises(Heard):
            # Whether it comes before the wait or in it, it must end it.
            poke.start()
            client.poll(LIMIT)
    finally:
        poke.join()
        signal.signal(signal.SIGUSR1, before)


def test_a_killed_server_fails_what_nobody_can_answer(server: Server) -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            account = client.account("wschat", url=server.url, name="mia")
            await account.connect()
            server.pause()
            request = account.send_text("is anybody there")
            server.kill()
            async for event in client.events():
                if isinstance(event, kaiwa.StatusLost):
                    assert event.retry_in_ms is not None
                    break
            await account.disconnect()
            with pytest.raises(kaiwa.Error):
                await request

    run(main)


PROGRAMS = {
    "unclosed": """
        client = kaiwa.Client()
        client.account("mock", script="flood:1000000").connect()
        client.poll(30)
        """,
    "unclosed in asyncio": """
        async def main():
            global client
            client = kaiwa.Client()
            account = client.account("mock", script="flood:5000")
            await account.connect()
            async def read():
                async for event in client.events():
                    pass
            asyncio.create_task(read())
            await account.send_text("hello")
        """,
    "log at the end": """
        import logging
        logging.basicConfig(stream=sys.stdout, level=logging.DEBUG)
        kaiwa.enable_logging(5)
        client = kaiwa.Client()
        for _ in range(4):
            client.account("mock", script="garbage:100000").connect()
        client.poll(30)
        """,
    "threads that still run": """
        import threading
        client = kaiwa.Client()
        client.account("mock", script="flood:1000000").connect()
        def read():
            try:
                for event in client.iterate(30):
                    pass
            except kaiwa.StateError:
                pass
        threading.Thread(target=read, daemon=True).start()
        """,
    "fork": """
        client = kaiwa.Client()
        client.account("mock").connect().wait(30)
        if (child := os.fork()) == 0:
            try:
                client.account("mock")
            except kaiwa.StateError:
                with kaiwa.Client() as own:
                    own.account("mock").connect().wait(30)
                    client.close()
                    sys.exit(0)
            sys.exit(1)
        assert os.waitpid(child, 0)[1] == 0
        client.close()
        """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_ends_without_noise(name: str) -> None:
    main = "\nif 'main' in dir(): asyncio.run(main())"
    text = "import asyncio, os, sys, kaiwa\n" + textwrap.dedent(PROGRAMS[name]) + main
    ended = subprocess.run([sys.executable, "-W", "default", "-W", "ignore::DeprecationWarning", "-c", text], capture_output=True, text=True, timeout=LIMIT)
    assert (ended.returncode, ended.stderr) == (0, "")
