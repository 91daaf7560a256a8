"""Clients and examples against a real server."""

from __future__ import annotations

import asyncio

from conftest import Server, run

import kaiwa

TEXTS = 2500
"""Each is four events: said, changed and done at one end, said at the other."""



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


def test_ten_thousand_events_arrive_in_order(server: Server) -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            mia, noa = (client.account("wschat", url=server.url, name=name) for name in ("mia", "noa"))
            await asyncio.gather(mia.connect(), noa.connect())
            writer = asyncio.create_task(write(mia))
            last = {mia.id: 0, noa.id: 0}
            heard: list[int] = []
            async for event in client.events():
                assert event.seq == last[event.account] + 1
                last[event.account] = event.seq
                match event:
                    case kaiwa.ChatNew(message=message) if event.account == noa.id and message.text.isdigit():
                        heard.append(int(message.text))
                        if len(heard) == TEXTS:
                            break
                    case _:
                        pass
            await writer
            assert heard == list(range(TEXTS))
            while min(last.values()) < TEXTS or sum(last.values()) < 10_000:
                late = client.poll(0)
                assert late is not None
                last[late.account] = late.seq

    async def write(account: kaiwa.Account) -> None:
        for first in range(0, TEXTS, 100):
            await asyncio.gather(*(account.send_text(str(number)) for number in range(first, first + 100)))

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
