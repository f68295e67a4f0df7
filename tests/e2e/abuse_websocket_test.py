"""Abuse of WebSocket: what RFC 6455 forbids, and commands that make no sense; each ends its own socket only.

The same checks run against a server that believes every frame, which must be complained about.
"""
import base64
import contextlib
import hashlib
import json
import os
import socket
import struct
import threading
import unittest

from gk import Daemon, WebSocket

PART, WHOLE = 0x00, 0x80
TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


def frame(first, payload=b"", mask=b"\1\2\3\4", length=None):
    """One frame; `length` lies about the size, `mask=None` leaves it out."""
    size = len(payload) if length is None else length
    bit = 0x80 if mask else 0
    if size < 126:
        head = struct.pack("!BB", first, bit | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    return head + (mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)) if mask else payload)


def close(code, reason=b""):
    return frame(WHOLE | CLOSE, struct.pack("!H", code) + reason)


# What is sent after the handshake, and the code that ends it. Source: RFC 6455 s5.1 to s5.5, s7.4, s8.1
# (It defines no close code from 5000 on, and forbids none.)
FORBIDDEN = {
    "frame without a mask": (frame(WHOLE | TEXT, b"{}", mask=None), 1002),
    "control frame without a mask": (frame(WHOLE | PING, b"", mask=None), 1002),
    **{f"reserved bit {bit:#x}": (frame(WHOLE | bit | TEXT, b"{}"), 1002) for bit in (0x10, 0x20, 0x40)},
    **{f"reserved opcode {op}": (frame(WHOLE | op, b"{}"), 1002) for op in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "ping in parts": (frame(PART | PING, b"a"), 1002),
    "close in parts": (frame(PART | CLOSE, b"\x03\xe8"), 1002),
    "ping of 126 bytes": (frame(WHOLE | PING, bytes(126)), 1002),
    "continuation of nothing": (frame(WHOLE, b"a"), 1002),
    "new message inside another": (frame(PART | TEXT, b"{") + frame(WHOLE | TEXT, b"}"), 1002),
    "length of 7 bits in 16": (bytes([WHOLE | TEXT, 0x80 | 126, 0, 2]) + b"\0\0\0\0{}", 1002),
    "length of 7 bits in 64": (bytes([WHOLE | TEXT, 0x80 | 127]) + struct.pack("!Q", 2) + b"\0\0\0\0{}", 1002),
    "length with the highest bit": (bytes([WHOLE | TEXT, 0x80 | 127]) + struct.pack("!Q", 1 << 63) + b"\0\0\0\0{}", (1002, 1009)),
    "length of 2^62": (frame(WHOLE | TEXT, b"{}", length=1 << 62), 1009),
    "message of 64 KiB and one": (frame(WHOLE | TEXT, b" " * 65_537), 1009),
    "message of 64 KiB and one in parts": (frame(PART | TEXT, b" " * 40_000) + frame(WHOLE, b" " * 25_537), 1009),
    **{f"close code {code}": (close(code), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 2999)},
    "close of one byte": (frame(WHOLE | CLOSE, b"\x03"), 1002),
    "close with a reason that is not UTF-8": (close(1000, b"\xff"), (1002, 1007)),
    "text that is not UTF-8": (frame(WHOLE | TEXT, b"\xff"), 1007),
    "overlong UTF-8": (frame(WHOLE | TEXT, b'"\xc0\xaf"'), 1007),
    "surrogate in UTF-8": (frame(WHOLE | TEXT, b'"\xed\xa0\x80"'), 1007),
    "text that ends inside a character": (frame(PART | TEXT, b"\xc3") + frame(WHOLE, b""), 1007),
    "binary": (frame(WHOLE | BINARY, b"{}"), 1003),
}
# After these a socket goes on.
ALLOWED = {
    "ping between the parts of a message": frame(PART | TEXT, b'{"op":') + frame(WHOLE | PING, b"x") + frame(WHOLE, b'"ping"}'),
    "ping of 125 bytes": frame(WHOLE | PING, bytes(125)),
    "unasked pong": frame(WHOLE | 10, b"x"),
    "empty parts": frame(PART | TEXT) + frame(PART) + frame(WHOLE, b'{"op":"ping"}'),
    "mask of zeros": frame(WHOLE | TEXT, b'{"op":"ping"}', mask=b"\0\0\0\0"),
    "a character over two parts": frame(PART | TEXT, b'{"op":"ping","id":"\xc3') + frame(WHOLE, b'\xa4"}'),
    **{name: frame(WHOLE | TEXT, text) for name, text in {
        "no JSON": b"nonsense", "a list": b"[]", "unknown op": b'{"op":"format"}', "no op": b"{}",
        "the same key twice": b'{"op":"ping","op":"subscribe"}', "deep": b"[" * 5000,
        "__proto__": b'{"op":"ping","__proto__":1}', "no topics": b'{"op":"subscribe"}',
        "topics of another kind": b'{"op":"subscribe","topics":{"a":1}}', "unknown topic": b'{"op":"subscribe","topics":["a:b"]}',
        "5,000 topics": json.dumps({"op": "subscribe", "topics": ["a:b"] * 5_000}).encode(),
        "since of another kind": b'{"op":"subscribe","topics":["health:changed"],"since":-1}',
        "command of another kind": b'{"op":"command","type":7}'}.items()},
}


def ends(open_socket, data, deadline=3):
    """The close code that `data` is answered with, "closed" without one, None when the socket goes on."""
    web = open_socket()
    try:
        with contextlib.suppress(OSError):
            web.sock.sendall(data)
        with contextlib.suppress(OSError):
            web.send({"op": "ping", "id": "behind"})
        web.sock.settimeout(deadline)
        while True:
            got = web.receive()
            if isinstance(got, tuple):
                return got[1]
            if isinstance(got, dict) and got.get("id") == "behind":
                return None
    except TimeoutError:
        return "silent"
    except (OSError, ValueError):
        return "closed"
    finally:
        web.close()


def protocol_faults(open_socket):
    """Forms that are not ended with the right code."""
    wrong = {}
    for name, (data, code) in FORBIDDEN.items():
        got = ends(open_socket, data)
        if got != code and not (isinstance(code, tuple) and got in code):
            wrong[name] = got
    return wrong


class Believer:
    """A WebSocket server that answers each frame as if it were a ping of the API: the planted bug."""

    port = tls = None
    origin, connect = Daemon.origin, Daemon.connect  # WebSocket asks its daemon for these.

    def __init__(self):
        self.cookie = self.bearer = None
        self.daemon = self
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self.server.accept()[0],), daemon=True).start()

    @staticmethod
    def _serve(peer):
        head = b""
        with contextlib.suppress(OSError), peer:
            while b"\r\n\r\n" not in head:
                head += peer.recv(4096)
            key = head.partition(b"Sec-WebSocket-Key: ")[2].split(b"\r\n")[0]
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            peer.sendall(b"HTTP/1.1 101 X\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            text = b'{"type":"pong","id":"behind"}'
            while peer.recv(65536):
                peer.sendall(bytes([WHOLE | TEXT, len(text)]) + text)


class Protocol(unittest.TestCase):
    def test_what_rfc_6455_forbids_ends_its_own_socket_with_the_right_code(self):
        with Daemon() as daemon:
            other = WebSocket(daemon.admin)
            self.assertEqual(protocol_faults(lambda: WebSocket(daemon.admin)), {})
            other.send({"op": "ping", "id": 7})
            self.assertEqual(other.receive()["id"], 7, "another socket knows nothing of it")
            self.assertLess(len(os.listdir(f"/proc/{daemon.process.pid}/fd")), 100)

    def test_a_server_that_believes_every_frame_is_noticed(self):
        peer = Believer()
        self.addCleanup(peer.server.close)
        self.assertEqual(set(protocol_faults(lambda: WebSocket(peer))), set(FORBIDDEN))

    def test_what_is_allowed_or_makes_no_sense_leaves_the_socket_open(self):
        with Daemon() as daemon:
            ended = {name: ends(lambda: WebSocket(daemon.admin), data) for name, data in ALLOWED.items()}
            self.assertEqual({n: how for n, how in ended.items() if how is not None}, {})

    def test_handshakes_that_are_none_get_a_plain_answer(self):
        good = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode()}
        with Daemon() as daemon:
            def handshake(method="GET", **changes):
                fields = {**good, **{k.replace("_", "-"): v for k, v in changes.items()}}
                return daemon.admin.ask(method, "/api/v1/ws", headers={
                    "Origin": f"http://127.0.0.1:{daemon.port}", **{k: v for k, v in fields.items() if v is not None}}).status
            self.assertEqual(handshake(), 101, "the control")
            for status, changes in ((426, {"Sec_WebSocket_Version": "8"}), (426, {"Sec_WebSocket_Version": None}),
                                    (400, {"Sec_WebSocket_Key": None}), (400, {"Sec_WebSocket_Key": "short"}),
                                    (400, {"Sec_WebSocket_Key": base64.b64encode(bytes(15)).decode()})):
                self.assertEqual((changes, handshake(**changes)), (changes, status))
            for changes in ({"Upgrade": "h2c"}, {"Upgrade": None}, {"Connection": "close"}, {"method": "POST"}):
                self.assertNotEqual(handshake(**changes), 101, changes)


if __name__ == "__main__":
    unittest.main()
