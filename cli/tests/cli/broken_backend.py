"""A backend that is broken in one way, `--broken WAY`; without that it is sane. Each way breaks one rule of backend-check."""

import itertools, json, os, sys, time

WAY = sys.argv[sys.argv.index("--broken") + 1] if "--broken" in sys.argv else "sane"
EXTENDED = os.environ.get("KAIWA_BACKEND") == "1"
HELLO = {"type": "Kaiwa", "value": {"hello": 1, "capabilities": {}, "protocol": {"name": "broken", "auth": None}}}
rooms, messages, numbers = {}, {}, itertools.count(1)


def way(*ways):
    return WAY in ways


def write(data):
    if not way("drops"):
        sys.stdout.buffer.write(data)
        return sys.stdout.buffer.flush()
    try:
        os.write(1, data)
    except BlockingIOError:
        pass


def tell(value):
    write(json.dumps(value).encode() + b"\n")


def hang():
    while True:
        time.sleep(3600)


def make_room(name):
    number = next(numbers)
    id = number if way("number-ids") else f"!{number}"
    rooms[id] = {"id": id, "parent": None, "name": name, "sendable": True}
    if way("half-a-room"):
        del rooms[id]["sendable"]
    return id


GENERAL = make_room("general")


def say(new):
    now = int(time.time() * 1000) + (0.5 if way("float-times") else 0)
    id = f"m{next(numbers)}"
    messages[id] = {"id": id, "sender": "@me", "create_time": now, "edit_time": now} | new
    if way("bad-base64"):
        messages[id]["attachments"] = [{"mime": "text/plain", "data": "***"}]
    tell({"type": "MessageUpsert", "value": messages[id]})
    if way("changes-text"):
        messages[id]["content"] = {"type": "Text", "value": "something else"}
    return id


def answer(body):
    match body:
        case {"type": "RoomLookup", "value": "#general"} if not way("no-room"):
            return {"type": "RoomID", "value": GENERAL}
        case {"type": "RoomGet", "value": id} if way("knows-all") and isinstance(id, str):
            return {"type": "Room", "value": rooms[GENERAL] | {"id": id}}
        case {"type": "RoomGet", "value": str(id) | int(id)} if id in rooms:
            return {"type": "Room", "value": rooms[id] | ({"id": "!other"} if way("other-room") else {})}
        case {"type": "RoomCreate", "value": {"name": str(name)}}:
            return {"type": "RoomID", "value": "!nowhere" if way("forgets-rooms") else make_room(name)}
        case {"type": "RoomJoin", "value": id} if id == GENERAL and not way("no-join"):
            return {"type": "RoomID", "value": GENERAL} if way("wrong-type") else {"type": "Success"}
        case {"type": "RoomLeave", "value": id} if id == GENERAL:
            return {"type": "Success"}
        case {"type": "MessageGet", "value": str(id)} if id in messages:
            return {"type": "Message", "value": messages[id]}
        case {"type": "MessageGetBefore", "value": str(id)} if id in messages:
            return {"type": "Success"}
        case {"type": "MessageSend", "value": {"recipient": id, "attachments": list(), "content": dict()}} if id == GENERAL:
            if not way("no-send"):
                return {"type": "MessageID", "value": say(body["value"])}
    return {"type": "Error", "value": {"message": "no", "retry": False}}


def take(request, text):
    if way("prints"):
        print("debug: a request has come", flush=True)
    if way("strict") and set(request) != {"body", "sequence_number"}:
        return tell({"sequence_number": request["sequence_number"], "body": {"type": "Error", "value": {"message": "no"}}})
    if way("dies-of-nonsense") and request["body"]["type"] == "NoSuchRequest":
        sys.exit(1)
    if way("no-nul") and "\\u0000" in text:
        return
    number, body = request["sequence_number"], request["body"]
    if way("mute") and body["type"] == "RoomJoin":
        return
    for _ in range(2 if way("twice") else 1):
        tell({"sequence_number": number, "body": answer(body)})
    if way("other-numbers"):
        tell({"sequence_number": number + 100_000, "body": {"type": "Success"}})


def read():
    return sys.stdin.buffer.readline() if way("lines") else os.read(0, 65536)


def serve():
    pending = b""
    heard = False
    while chunk := read():
        heard = True
        pending = chunk if way("chunks") else pending + chunk
        text, taken = pending.decode(errors="ignore" if way("chunks") else "surrogateescape"), 0
        while text := text.lstrip():
            try:
                request, end = json.JSONDecoder().raw_decode(text)
            except json.JSONDecodeError:
                if text[0] != "{":
                    sys.exit(0 if way("forgives") else 1)
                break
            taken += 1
            if not way("few") or taken <= 10:
                take(request, text[:end])
            text = text[end:]
        pending = text.encode(errors="surrogateescape")
    if way("stays") or (way("stays-early") and not heard) or (way("stays-in-half") and pending):
        hang()
    if way("half-a-value"):
        write(b'{"type":"RoomDel')
    sys.exit(3 if way("exit-code") else 1 if pending else 0)


if way("silent"):
    hang()
if way("update-first"):
    tell({"type": "RoomDelete", "value": "!none"})
if way("drops"):
    os.set_blocking(1, False)
version = [0, 1] if way("short-version") else [0, 1, 0]
tell({"backend_name": "broken", "backend_version": version, "protocol_version": [0, 1, 0]})
if EXTENDED and way("late-hello"):
    tell({"type": "RoomUpsert", "value": rooms[GENERAL]})
if EXTENDED or way("always-kaiwa"):
    tell(HELLO)
serve()
