"""How much an event costs: a flood of the mock network, read as dataclasses. Usage: bench.py [EVENTS]

Build the package as users do (`pip install ./bindings/python`), and let the machine be idle for the time by the clock.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable

import kaiwa

ROUNDS = 5


class Count:
    """Counts messages; the time begins with the first."""

    def __init__(self, events: int) -> None:
        self.events = self.left = events
        self.began = (0.0, 0.0)

    def is_last(self, event: kaiwa.Event) -> bool:
        """Looks at an event."""
        if isinstance(event, kaiwa.ChatNew):
            if self.left == self.events:
                self.began = (time.perf_counter(), time.thread_time())
            self.left -= 1
        return self.left == 0

    def micros(self) -> tuple[float, float]:
        """Microseconds per event: by the clock, and of the reader's thread."""
        clock, thread = time.perf_counter() - self.began[0], time.thread_time() - self.began[1]
        return 1e6 * clock / self.events, 1e6 * thread / self.events


def without_a_loop(events: int) -> tuple[float, float]:
    """One round of `iterate`."""
    count = Count(events)
    with kaiwa.Client() as client:
        client.account("mock", script=f"flood:{events}").connect()
        for event in client.iterate():
            if count.is_last(event):
                break
        return count.micros()


def with_asyncio(events: int) -> tuple[float, float]:
    """One round of `events`."""

    async def main() -> tuple[float, float]:
        count = Count(events)
        async with kaiwa.Client() as client:
            client.account("mock", script=f"flood:{events}").connect()
            async for event in client.events():
                if count.is_last(event):
                    break
            return count.micros()

    return asyncio.run(main())


def main(events: int = 200_000) -> None:
    """Tells the best of each."""
    kinds: tuple[Callable[[int], tuple[float, float]], ...] = (without_a_loop, with_asyncio)
    for kind in kinds:
        clock, thread = map(min, zip(*(kind(events) for _ in range(ROUNDS)), strict=True))
        print(f"{kind.__name__}: {clock:.2f} µs by the clock, {thread:.2f} µs of the reader's thread")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
