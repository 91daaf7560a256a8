"""A Python program on the package kaiwa that does what `bench/c/pump.c` does in C: takes a flood as dataclasses and counts.

    flood.py STATE PROTOCOL WARM_UP COUNT [FIELD=VALUE]...

Says `ready` when somebody with the id 42 is there, and after WARM_UP + COUNT messages how many nanoseconds of CPU (of the whole
process) and how many of time the COUNT took. STATE is 0 or 1: whether the library keeps state.
"""

from __future__ import annotations

import sys
import time

import kaiwa


def main(state: str, protocol: str, warm_up: int, count: int, form: dict[str, str]) -> None:
    """Counts until all are there."""
    seen = 0
    cpu = clock = 0
    with kaiwa.Client(keep_state=state == "1") as client:
        client.account(protocol, form).connect()
        for event in client.iterate():
            match event:
                case kaiwa.ChatNew():
                    seen += 1
                    if seen == warm_up:
                        cpu, clock = time.process_time_ns(), time.monotonic_ns()
                    elif seen == warm_up + count:
                        break
                case kaiwa.UserNew(user=user) if user.id == "42":
                    print("ready", flush=True)
                case kaiwa.StatusLost(error=error):
                    raise SystemExit(error.message)
                case _:
                    pass
        print(time.process_time_ns() - cpu, time.monotonic_ns() - clock, flush=True)


if __name__ == "__main__":
    _, state, protocol, warm_up, count, *fields = sys.argv
    main(state, protocol, int(warm_up), int(count), dict(field.split("=", 1) for field in fields))
