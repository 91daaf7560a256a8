"""Everything may be dropped in any order, and nothing stays."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import random
import weakref
from typing import Any

import pytest
from conftest import LIMIT, Server, run

import kaiwa

THINGS = ("client", "account", "request", "change", "draft", "event", "events")
ORDERS = random.Random(6).sample(list(itertools.permutations(THINGS)), 24)
"""The same ones each time."""


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("collect", [True, False])
@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_everything_may_be_dropped_in_any_order(lasting_server: Server, order: tuple[str, ...], collect: bool) -> None:
    client = kaiwa.Client(threads=1)
    account = client.account("wschat", url=lasting_server.url, name="mia")
    things: dict[str, Any] = {
        "client": client,
        "account": account,
        "change": account.connect(),
        "draft": (draft := kaiwa.Draft().text("hello")),
        "request": account.send(draft),
        "event": client.poll(LIMIT),
        "events": client.events(),
    }
    assert things["event"] is not None
    gone: list[Any] = [weakref.ref(client), weakref.ref(client._core), weakref.ref(draft)]  # pyright: ignore[reportPrivateUsage]
    del client, account, draft
    for name in order:
        del things[name]
        if collect:
            gc.collect()
    gc.collect()
    assert [one() for one in gone] == [None, None, None]


@pytest.mark.parametrize("order", list(itertools.permutations(("client", "account", "waiting", "events"))), ids="-".join)
def test_what_waits_may_be_dropped_in_any_order(lasting_server: Server, order: tuple[str, ...]) -> None:
    gc.collect()
    before = set(os.listdir("/proc/self/fd"))

    async def main() -> None:
        client = kaiwa.Client(threads=1)
        account = client.account("wschat", url=lasting_server.url, name="mia")
        await account.connect()
        things: dict[str, Any] = {"client": client, "account": account, "events": client.events()}
        things["waiting"] = asyncio.create_task(anext(things["events"]))
        await asyncio.sleep(0)
        gone = weakref.ref(client)
        await client.aclose()
        del client, account
        for name in order:
            del things[name]
            gc.collect()
        # The loop lets go of a task in its next round.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gc.collect()
        assert gone() is None

    run(main)
    assert set(os.listdir("/proc/self/fd")) == before
