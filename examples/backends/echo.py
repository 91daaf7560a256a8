#!/usr/bin/env python3
"""A backend with one room that says everything back; docs/writing-a-backend.md explains it."""

import codecs, itertools, json, os, sys, time

ROOM = {"id": "!general", "parent": None, "name": "general", "sendable": True}
LONGEST = 16 * 1024 * 1024  # characters of one request: a picture, but not a host that has lost its way
numbers = itertools.count(time.time_ns())  # hosts keep ids: the next start must not use them again
messages = {}  # by id, oldest first

def tell(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()

def say(sender, new):
    now = int(time.time() * 1000)
    message = {"id": f"m{next(numbers)}", "sender": sender, "create_time": now, "edit_time": now}
    message |= {key: new[key] for key in ("recipient", "attachments", "content")}
    messages[message["id"]] = message
    if len(messages) > 1000:
        del messages[next(iter(messages))]
    tell({"type": "MessageUpsert", "value": message})
    return message["id"]

def answer(body):
    match body:
        case {"type": "RoomLookup", "value": "general" | "#general"}:
            return {"type": "RoomID", "value": ROOM["id"]}
        case {"type": "RoomGet", "value": "!general"}:
            return {"type": "Room", "value": ROOM}
        case {"type": "RoomJoin" | "RoomLeave", "value": "!general"}:
            return {"type": "Success"}
        case {"type": "MessageGet", "value": str(id)} if id in messages:
            return {"type": "Message", "value": messages[id]}
        case {"type": "MessageGetBefore", "value": str(id)} if id in messages:
            for older in itertools.takewhile(lambda one: one != id, list(messages)):
                tell({"type": "MessageUpsert", "value": messages[older]})
            return {"type": "Success"}
        case {"type": "MessageSend", "value": {"recipient": "!general", "attachments": list(), "content": dict()} as new}:
            sent = say("@me", new)
            say("@echo", new)
            return {"type": "MessageID", "value": sent}
    return {"type": "Error", "value": {"message": "this is not possible here", "retry": False}}

tell({"backend_name": "echo.py", "backend_version": [0, 1, 0], "protocol_version": [0, 1, 0]})
decode, text = codecs.getincrementaldecoder("utf-8")().decode, ""
while chunk := os.read(0, 65536):
    text = (text + decode(chunk)).lstrip(" \t\r\n")
    while text:
        try:
            request, end = json.JSONDecoder().raw_decode(text)
        except json.JSONDecodeError:
            if text[0] != "{" or len(text) > LONGEST:
                sys.exit("echo.py: the host sends something that is no request")
            break  # the rest of it is still to come
        text = text[end:].lstrip(" \t\r\n")
        tell({"sequence_number": request["sequence_number"], "body": answer(request["body"])})
sys.exit("echo.py: the host ended within a request" if text else 0)
