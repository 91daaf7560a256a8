"""A chat of lines: says what is typed, prints what is said. Usage: tui_free_chat.py URL NAME"""

import asyncio
import sys

import kaiwa


async def main(url: str, name: str) -> None:
    async with kaiwa.Client() as client:
        account = client.account("wschat", url=url, name=name)
        await account.connect()
        reader = asyncio.create_task(show(client))
        try:
            lines = await standard_input()
            while line := (await lines.readline()).decode(errors="replace").strip():
                try:
                    await account.send_text(line)
                except kaiwa.Error as error:
                    print(f"not sent: {error}", file=sys.stderr)
        finally:
            reader.cancel()


async def show(client: kaiwa.Client) -> None:
    names: dict[str, str] = {}
    async for event in client.events():
        match event:
            case kaiwa.UserNew(user=kaiwa.Profile(id=str(who), username=str(name))):
                names[who] = name
            case kaiwa.ChatNew(message=message):
                who = message.sender_id or ""
                print(f"<{names.get(who, who)}> {message.text}", flush=True)
            case kaiwa.StatusLost(error=error):
                print(f"lost: {error.message}", file=sys.stderr)
            case _:
                pass


async def standard_input() -> asyncio.StreamReader:
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    return lines


if __name__ == "__main__":
    try:
        asyncio.run(main(*sys.argv[1:]))
    except kaiwa.Error as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        pass
