#!/usr/bin/env python3
"""A backend with one room that says everything back; docs/writing-a-backend.md explains it."""

import codecs, itertools, json, os, sys, time

ROOM = {"id": "!general", "parent": None, "name": "general", "sendable": True}
LONGEST = 16 * 1024 * 1024  # characters of one request: a picture, but not a host that has lost its way
numbers = itertools.count(1)
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

def answer(kind, value):
    match kind, value:
        case "RoomLookup", "general" | "#general":
            return {"type": "RoomID", "value": ROOM["id"]}
        case "RoomGet", "!general":
            return {"type": "Room", "value": ROOM}
        case "RoomJoin" | "RoomLeave", "!general":
            return {"type": "Success"}
        case "MessageGet", str() if value in messages:
            return {"type": "Message", "value": messages[value]}
        case "MessageGetBefore", str() if value in messages:
            for message in itertools.takewhile(lambda one: one["id"] != value, list(messages.values())):
                tell({"type": "MessageUpsert", "value": message})
            return {"type": "Success"}
        case "MessageSend", {"recipient": "!general", "attachments": list(), "content": dict()}:
            sent = say("@me", value)
            say("@echo", value)
            return {"type": "MessageID", "value": sent}
    return {"type": "Error", "value": {"message": f"{kind} of this is not possible here", "retry": False}}

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
        number, body = request["sequence_number"], request["body"]
        tell({"sequence_number": number, "body": answer(body.get("type"), body.get("value"))})
sys.exit("echo.py: the host ended within a request" if text else 0)
