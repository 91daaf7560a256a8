"""Clients with asyncio, over the mock network."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
from conftest import LIMIT, run

import kaiwa


def test_a_text_is_delivered_and_heard() -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            account = client.account("mock", name="mia")
            await account.connect()
            message_id = await account.send_text("hello")
            assert message_id and not message_id.startswith("local:")
            async for event in client.events():
                match event:
                    case kaiwa.ChatUpdate(new_message=message):
                        assert message.id == message_id
                        assert message.status is kaiwa.MessageStatus.DELIVERED
                        assert message.text == "hello"
                        assert client[event.account] is account
                        break
                    case _:
                        pass

    run(main)


def test_ten_thousand_events_arrive_in_order_though_waiting_is_cancelled() -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            client.account("mock", script="flood:10000").connect()
            seen: list[int] = []
            last_seq = 0
            cancelled = 0
            while len(seen) < 10_000:
                waiting = asyncio.ensure_future(client.next())
                # Cancelled before it began, while it waits, or not at all, by turns.
                if len(seen) % 3 != 1:
                    if len(seen) % 3 == 2:
                        await asyncio.sleep(0)
                    cancelled += waiting.cancel()
                try:
                    event = await waiting
                except asyncio.CancelledError:
                    event = await client.next()
                assert event is not None
                assert event.seq == last_seq + 1
                last_seq = event.seq
                if isinstance(event, kaiwa.ChatNew):
                    seen.append(int(event.message.text.removeprefix("flood ")))
            assert seen == list(range(seen[0], seen[0] + 10_000))
            assert cancelled > 0

    run(main)


def test_who_does_not_read_holds_no_more_than_was_asked_for() -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            account = client.account("mock", script="flood:100000")
            account.connect()
            assert await client.next() is not None
            # Nobody asks: nothing is taken, however readable the descriptor is.
            held = len(client._unread)  # pyright: ignore[reportPrivateUsage]
            for _ in range(100):
                await asyncio.sleep(0)
            assert len(client._unread) == held <= 256  # pyright: ignore[reportPrivateUsage]

    run(main)


def test_a_request_is_settled_while_a_flood_is_unread() -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            account = client.account("mock", script="flood:5000")
            await account.connect()
            assert await account.send_text("through")

    run(main)


def test_a_request_and_a_reader_wait_side_by_side() -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            account = client.account("mock")

            async def read() -> list[kaiwa.Event]:
                return [event async for event in client.events()]

            reader = asyncio.create_task(read())
            await account.connect()
            ids = await asyncio.gather(*(account.send_text(str(n)) for n in range(50)))
            assert len(set(ids)) == 50
            client.close()
            events = await reader
            assert sum(isinstance(event, kaiwa.StatusDone) for event in events) >= 50

    run(main)


def test_two_readers_are_one_too_many() -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            first = asyncio.create_task(client.next())
            await asyncio.sleep(0)
            with pytest.raises(kaiwa.StateError, match="one place"):
                await client.next()
            first.cancel()

    run(main)


def test_refusals_are_raised_by_kind() -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            refused = client.account("mock", script="refuse")
            with pytest.raises(kaiwa.AuthError):
                await refused.connect()
            failing = client.account("mock", script="fail")
            await failing.connect()
            with pytest.raises(kaiwa.Error) as caught:
                await failing.send_text("no")
            assert isinstance(caught.value, kaiwa.RefusalError), caught.value

    run(main)


def test_closing_fails_what_is_open() -> None:
    async def main() -> None:
        client = kaiwa.Client()
        account = client.account("mock", script="swallow")
        await account.connect()
        request = account.send_text("never answered")
        waiting = asyncio.ensure_future(request)
        await asyncio.sleep(0)
        client.close()
        with pytest.raises(kaiwa.StateError):
            await waiting
        with pytest.raises(kaiwa.StateError):
            account.send_text("too late")
        assert [event async for event in client.events() if isinstance(event, kaiwa.StatusDone)] == []

    run(main)


def test_history_channels_and_state() -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            account = client.account("mock", script="history:200 rooms:2".replace(" ", ","))
            await account.connect()
            channel = await account.create("tea")
            assert channel is not None
            ids = [await account.send_text(str(n), channel.id) for n in range(3)]
            past = await account.history(2, channel_id=channel.id)
            assert [message.id for message in past] == ids[-2:]
            assert account.state().status is kaiwa.ConnectionStatus.CONNECTED
            assert channel.id in [known.channel.id for known in account.channels()]
            assert [message.id for message in account.messages(channel.id)][-3:] == ids
            assert account.state().user_id in [member.user_id for member in account.members(channel.id)]
            await account.disconnect()
            assert account.state().status is kaiwa.ConnectionStatus.DISCONNECTED

    run(main)


def test_a_draft_goes_as_it_was_made() -> None:
    async def main() -> None:
        async with kaiwa.Client() as client:
            account = client.account("mock")
            await account.connect()
            draft = kaiwa.Draft().text("see ")
            with draft.style(kaiwa.Color((1, 2, 3, 255))), draft.link("https://example.org/"):
                draft.text("this")
            await account.send(draft)
            await account.send([kaiwa.Text("bare "), kaiwa.Styled(kaiwa.PlainStyle.BOLD, (kaiwa.Text("bold"),))])
            told = [event async for event in take(client, kaiwa.ChatUpdate, 2)]
            link = kaiwa.Link(url="https://example.org/", content=(kaiwa.Text("this"),))
            assert told[0].new_message.content == (
                kaiwa.Text("see "),
                kaiwa.Styled(kaiwa.Color((1, 2, 3, 255)), (link,)),
            )
            assert told[1].new_message.text == "bare bold"

    async def take(client: kaiwa.Client, _: type[kaiwa.ChatUpdate], count: int) -> AsyncIterator[kaiwa.ChatUpdate]:
        async for event in client.events():
            if isinstance(event, kaiwa.ChatUpdate):
                yield event
                count -= 1
                if count == 0:
                    return

    run(main)


def test_without_a_loop() -> None:
    with kaiwa.Client() as client:
        account = client.account("mock")
        account.connect().wait(LIMIT)
        assert account.send_text("hello").wait(LIMIT)
        told = list(itertools.takewhile(lambda e: not isinstance(e, kaiwa.ChatUpdate), client.iterate(LIMIT)))
        assert any(isinstance(event, kaiwa.StatusConnected) for event in told)
        # What was taken while it waited is handed out, and not waited for.
        for _ in range(50):
            with kaiwa.Client(threads=1) as other:
                other.account("mock").connect()
                assert other.poll(LIMIT) is not None
        slow = client.account("mock", script="swallow")
        slow.connect().wait(LIMIT)
        with pytest.raises(kaiwa.TimedOutError):
            slow.send_text("lost").wait(0)


def test_wrong_input_is_refused() -> None:
    with kaiwa.Client() as client:
        with pytest.raises(kaiwa.NotFoundError, match="mock"):
            client.account("nowhere")
        with pytest.raises(kaiwa.InvalidError):
            client.account("mock", color="blue")
        with pytest.raises(kaiwa.InvalidError):
            client.account("wschat", name="no address")
        with pytest.raises(kaiwa.InvalidError):
            client.account_from_json("{")
        account = client.account("mock")
        with pytest.raises(kaiwa.StateError):
            account.send_text("not wanted up")
        account.connect().wait(LIMIT)
        with pytest.raises(kaiwa.InvalidError):
            account.send_text("\udc80")
        with pytest.raises(kaiwa.TooLongError):
            account.send_text("x" * 70_000)
        with pytest.raises(kaiwa.InvalidError):
            account.send_json('{"Chat": 1}')
        account.remove()
        with pytest.raises(kaiwa.InvalidError):
            account.send_text("removed")
    with pytest.raises(ValueError, match="out of range"):
        kaiwa.Client(threads=-1)


def test_what_is_of_another_type_is_refused_and_not_shown() -> None:
    secret: Any = b"secret"
    with kaiwa.Client() as client:
        account = client.account("mock")
        account.connect().wait(LIMIT)
        for wrong in (
            lambda: client.account("mock", name=secret),
            lambda: account.send_text(secret),
            lambda: account.join(secret),
            lambda: account.send_event(secret),
            lambda: kaiwa.Draft().text(secret),
        ):
            with pytest.raises(TypeError, match="not bytes"):
                wrong()


def test_networks_are_data() -> None:
    names = [protocol.name for protocol in kaiwa.protocols()]
    assert {"mock", "wschat"} <= set(names)
    form = {field.name: field for field in kaiwa.protocol("wschat").fields}
    assert form["url"].required
    assert [field.name for field in form["network"].fields][0] == "proxy"
    assert kaiwa.EventKind.CHAT_NEW in kaiwa.protocol("wschat").capabilities.sends
