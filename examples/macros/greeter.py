#!/usr/bin/env python3
"""greeter.py: a process macro that speaks JSON lines. It greets everybody whom its game names.

    gamekeeper macro run --id greeter --game arena --json-lines -- "$PWD/greeter.py"

Requests go to standard output, one JSON object a line; answers and events come on standard input.
Whatever goes to standard error, or is no JSON object, is plain output.
"""
import json
import re
import sys

JOINED = re.compile(r"^\*\*\* (\S+) has joined")
waiting = []  # Events that came while an answer was awaited.
last_id = 0


def read():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)  # The daemon is gone.
    return json.loads(line)


def ask(**wish):
    """The reply to one request; stops the program with what the daemon says when there is none."""
    global last_id
    last_id += 1
    print(json.dumps({"id": last_id, **wish}), flush=True)
    while True:
        message = read()
        if message.get("id") == last_id:
            if "error" in message:
                sys.exit(f"{wish}: {message['error']['message']}")
            return message["reply"]
        waiting.append(message)


ask(listen=True)
print("greeting starts", file=sys.stderr)
while True:
    message = waiting.pop(0) if waiting else read()
    if message.get("event") == "cancelled":
        break
    joined = JOINED.match(message.get("text", "")) if message.get("event") == "line" else None
    if joined:
        greeted = (ask(state_get="greeted") or 0) + 1
        ask(state_set="greeted", value=greeted)
        ask(say=f"Welcome, {joined[1]}, guest number {greeted}")
