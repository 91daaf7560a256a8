"""A chat of lines: says what is typed, prints what is said. Usage: tui_free_chat.py URL NAME"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import kaiwa


async def main(url: str, name: str) -> None:
    async with kaiwa.Client() as client:
        account = client.account("wschat", url=url, name=name)
        await account.connect()
        reader = asyncio.create_task(show(client, name))
        last = None
        async for line in typed():
            try:
                last = account.send_text(line)
            except kaiwa.Error as error:
                print(f"not sent: {error}", file=sys.stderr)
        # They arrive in order: when this one has, all have.
        if last is not None:
            await last
    # It ends when it has shown what came until the goodbye.
    await reader


async def show(client: kaiwa.Client, own_name: str) -> None:
    names: dict[str | None, str] = {None: own_name}
    async for event in client.events():
        match event:
            case kaiwa.UserNew(user=kaiwa.Profile(id=str(who), username=str(name))):
                names[who] = name
            case kaiwa.ChatNew(message=message):
                # What was just typed comes back at once, before the network says who sent it.
                print(f"<{names.get(message.sender_id, message.sender_id)}> {message.text}", flush=True)
            case kaiwa.StatusFailed(error=error):
                print(f"not sent: {error.message}", file=sys.stderr)
            case kaiwa.StatusLost(error=error, retry_in_ms=again):
                print(f"lost: {error.message}{'' if again is None else ', trying again'}", file=sys.stderr)
            case kaiwa.StatusConnected():
                print("connected", file=sys.stderr)
            case _:
                pass


async def typed() -> AsyncIterator[str]:
    """The lines of the standard input that are not empty."""
    rest = b""
    while data := await some_input():
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if text := line.decode(errors="replace").strip():
                yield text
    if text := rest.decode(errors="replace").strip():
        yield text


async def some_input() -> bytes:
    """Waits without making it non-blocking: on a terminal the output would become so too."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    try:
        loop.add_reader(0, readable.set)
    except PermissionError:
        # A file, which is always readable.
        return os.read(0, 65_536)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(0)
    return os.read(0, 65_536)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        asyncio.run(main(*sys.argv[1:]))
    except kaiwa.Error as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        pass
