#!/usr/bin/env python3
"""Prints what a Gamekeeper daemon tells: a client for its WebSocket and its server-sent events that
needs nothing but Python's standard library. Copy what you need.

Usage: GAMEKEEPER_TOKEN=gk_pat_… gamekeeper_events.py [--url URL] [--sse] [--count N] TOPIC…
       gamekeeper_events.py --url http://127.0.0.1:5000 macro:cancelled alert:firing

One line a frame: topic, number, data. When frames were lost it says so on stderr: read the resource
again. Exit code 0 after --count frames, 1 when the daemon ended the stream.
"""
import argparse
import base64
import hashlib
import http.client
import json
import os
import socket
import struct
import sys
import urllib.parse

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
SILENCE = 60  # seconds; the daemon sends a heartbeat or a comment every 20


class WebSocket:
    """The client's half of RFC 6455, for text frames."""

    def __init__(self, host, port, token):
        self.sock = socket.create_connection((host, port), SILENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall((f"GET /api/v1/ws HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
                           f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                           f"Sec-WebSocket-Protocol: gamekeeper.v1.json\r\nAuthorization: Bearer {token}\r\n\r\n").encode())
        self.input = self.sock.makefile("rb")
        status = self.input.readline().decode()
        head = http.client.parse_headers(self.input)
        if " 101 " not in status:
            body = self.input.read(int(head.get("Content-Length", 0))).decode()
            raise ConnectionError(f"{status.strip()}: {body}")
        expected = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        if head["Sec-WebSocket-Accept"] != expected:
            raise ConnectionError("this is no WebSocket server")

    def send(self, value, opcode=1):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        length = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack("!H", len(data))
        mask = os.urandom(4)
        self.sock.sendall(bytes([0x80 | opcode]) + length + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def take(self, count):
        data = self.input.read(count)
        if len(data) < count:
            raise ConnectionError("the daemon is gone")
        return data

    def receive(self):
        while True:
            first, second = self.take(2)
            length = second & 127
            if length == 126:
                length = struct.unpack("!H", self.take(2))[0]
            elif length == 127:
                length = struct.unpack("!Q", self.take(8))[0]
            data = self.take(length)
            opcode = first & 15
            if opcode == 1:
                return json.loads(data)
            if opcode == 9:
                self.send(data, 10)
            if opcode == 8:
                code = struct.unpack("!H", data[:2])[0] if data else 1005
                raise ConnectionError(f"closed with {code} {data[2:].decode(errors='replace')}")


def websocket_frames(host, port, token, topics):
    client = WebSocket(host, port, token)
    client.send({"op": "subscribe", "topics": topics, "id": 1})
    while True:
        frame = client.receive()
        if frame["type"] == "error":
            raise ConnectionError(frame.get("detail") or json.dumps(frame))
        if frame["type"] == "gap":
            print(f"lost {frame['topic']} {frame['from']} to {frame['to']}", file=sys.stderr)
        elif frame["type"] == "ack":
            client.send({"op": "ping"})  # a client that is silent for 40 s is closed
        elif frame.get("topic"):
            yield frame
            client.send({"op": "ping"})


def sse_frames(host, port, token, topics):
    connection = http.client.HTTPConnection(host, port, timeout=SILENCE)
    connection.request("GET", "/api/v1/events?topics=" + ",".join(topics), headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise ConnectionError(f"{answer.status}: {answer.read().decode()}")
    event = {}
    for line in answer:
        name, _, value = line.decode().rstrip("\r\n").partition(": ")
        if name == "" and event.get("data"):
            data = json.loads(event["data"])
            if event.get("event") == "close":
                raise ConnectionError(f"closed with {data}")
            if event.get("event") == "gap":
                print(f"lost: {data}", file=sys.stderr)
            elif data.get("topic"):
                yield data
            event = {}
        elif name:
            event[name] = value
    raise ConnectionError("the daemon is gone")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("topics", nargs="+")
    parser.add_argument("--url", default="http://127.0.0.1:5000")
    parser.add_argument("--sse", action="store_true", help="server-sent events instead of a WebSocket")
    parser.add_argument("--count", type=int, default=0, help="end after so many frames")
    options = parser.parse_args()
    token = os.environ.get("GAMEKEEPER_TOKEN") or sys.exit("set GAMEKEEPER_TOKEN: gamekeeper token create …")
    where = urllib.parse.urlsplit(options.url)
    frames = (sse_frames if options.sse else websocket_frames)(where.hostname, where.port or 80, token, options.topics)
    try:
        for number, frame in enumerate(frames, 1):
            print(frame["topic"], frame["seq"], json.dumps(frame["data"]), flush=True)
            if number == options.count:
                return 0
    except (OSError, ConnectionError) as problem:
        print(f"{options.url}: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
