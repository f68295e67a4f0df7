"""ttd_days.py: how long the days of an OpenTTD server are, seen by an administrator of its own."""
import socket
import struct
import threading
import time


class Days:
    """An administrator of its own who only watches the calendar of an OpenTTD server."""

    def __init__(self, peer):
        self.sock = socket.create_connection(("127.0.0.1", peer.port), 5)
        self.pack(0, peer.password.encode() + b"\0probe\0" + b"0.1\0")
        self.gaps, self.last, self.going = [], None, True
        self.pack(2, struct.pack("<HH", 0, 2))
        threading.Thread(target=self._read, daemon=True).start()

    def pack(self, kind, body):
        self.sock.sendall(struct.pack("<HB", len(body) + 3, kind) + body)

    def _read(self):
        data = b""
        while self.going:
            try:
                chunk = self.sock.recv(65536)
            except OSError:
                return
            if not chunk:
                return
            data += chunk
            while len(data) >= 3 and len(data) >= struct.unpack("<H", data[:2])[0]:
                size = struct.unpack("<H", data[:2])[0]
                if data[2] == 107:
                    now = time.monotonic()
                    if self.last:
                        self.gaps.append((now - self.last) * 1000)
                    self.last = now
                data = data[size:]

    def stalled_ms(self):
        return (time.monotonic() - (self.last or time.monotonic())) * 1000

    def close(self):
        self.going = False
        self.sock.close()
