"""A bot: answers `!echo` in every channel. Usage: bot.py URL [NAME]"""

import asyncio
import sys

import kaiwa


async def main(url: str, name: str = "bot") -> None:
    async with kaiwa.Client() as client:
        account = client.account("wschat", url=url, name=name)
        await account.connect()
        print("connected", flush=True)
        async for event in client.events():
            match event:
                # Own messages and the past are no commands: those come as CURRENT_USER and as ChatHistory.
                case kaiwa.ChatNew(channel_id=where, message=kaiwa.Message(message_type=kaiwa.MessageType.NORMAL) as message):
                    command, _, words = message.text.partition(" ")
                    if command == "!echo":
                        # What becomes of it comes as an event; a bot that waited for it here would hear nothing meanwhile.
                        account.send_text(f"you said: {words}", where)
                case kaiwa.StatusFailed(error=error):
                    print(f"not done: {error.message}", file=sys.stderr)
                case kaiwa.StatusLost(error=error, retry_in_ms=None):
                    sys.exit(f"error: {error.message}")
                case _:
                    pass


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    try:
        asyncio.run(main(*sys.argv[1:]))
    except kaiwa.Error as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        pass
