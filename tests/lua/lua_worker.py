"""lua_worker.py: plays the daemon for one Lua worker, over the socket that it expects."""
import os
import signal
import socket
import struct
import subprocess
import time

# As in src/macros/scripts/lua_protocol.cc.
READY, SEND, LOG, NOTIFY, STATE_GET, STATE_SET, METRICS, ENDED, SUBSCRIBE = range(64, 73)
START, BEGIN, REPLY, VALUE, TABLE, LINE = range(1, 7)

while os.open(os.devnull, os.O_RDONLY) < 16:  # Descriptor 5 must be free in every child.
    pass


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<I", len(data)) + data


class Worker:
    """One process."""

    def __init__(self, program, source, name="test", check_only=False):
        ours, theirs = socket.socketpair()

        def arrange():
            os.dup2(theirs.fileno(), 5)
            os.set_inheritable(5, True)

        self.process = subprocess.Popen([program, "lua"], preexec_fn=arrange, close_fds=False)
        theirs.close()
        self.socket, self.held, self.logs, self.sent = ours, b"", [], []
        ours.settimeout(10)
        self.write(START, bytes([check_only]) + text(name) + text(source) + b"o" + struct.pack("<I", 0))

    def write(self, kind, payload=b""):
        self.socket.sendall(struct.pack("<IB", len(payload) + 1, kind) + payload)

    def frame(self):
        """(kind, payload), or None when the worker is gone."""
        while True:
            if len(self.held) >= 4:
                size = struct.unpack("<I", self.held[:4])[0]
                if len(self.held) >= 4 + size:
                    frame, self.held = self.held[4:4 + size], self.held[4 + size:]
                    return frame[0], frame[1:]
            try:
                data = self.socket.recv(65536)
            except (ConnectionResetError, TimeoutError):
                data = b""
            if not data:
                return None
            self.held += data

    def ready(self):
        """None, or why it is not."""
        kind, payload = self.frame() or (ENDED, b"\0\0\0\0\0gone")
        return None if kind == READY and payload[0] else payload[5:].decode(errors="replace")

    def begin(self):
        self.write(BEGIN)

    def finish(self):
        """(ok, reason) of its end; answers what it asks; ok None: it was killed."""
        while (frame := self.frame()) is not None:
            kind, payload = frame
            if kind == LOG:
                self.logs.append(payload[4:].decode(errors="replace"))
            elif kind == SEND:
                self.sent.append(payload[17:].decode())
                self.write(REPLY, payload[:4] + b"\1" + text("did " + self.sent[-1]))
            elif kind in (STATE_GET, STATE_SET):
                self.write(VALUE, payload[:4] + b"\1n")
            elif kind == METRICS:
                self.write(TABLE, payload[:4] + b"n")
            elif kind == ENDED:
                self.process.wait(10)
                return bool(payload[0]), payload[5:].decode(errors="replace")
        self.process.wait(10)
        return None, f"ended with {self.process.returncode}"

    def rss_kib(self):
        try:
            with open(f"/proc/{self.process.pid}/status") as status:
                for line in status:
                    if line.startswith("VmRSS"):
                        return int(line.split()[1])
        except OSError:
            pass
        return 0

    def cancel(self, grace=0.02):
        """As the macro service: SIGTERM, and SIGKILL after `grace`. True: SIGTERM was enough."""
        self.process.send_signal(signal.SIGTERM)
        end = time.monotonic() + grace
        self.socket.setblocking(False)
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.socket.recv(1 << 20)
            except OSError:
                pass
            time.sleep(0.0005)
        soft = self.process.poll() is not None
        if not soft:
            self.process.kill()
        self.process.wait(5)
        return soft

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.socket.close()


def run(program, source, **kw):
    """(worker, ok, reason) of a whole run; ok is None when it was killed or not ready."""
    worker = Worker(program, source, **kw)
    try:
        why = worker.ready()
        if why is not None:
            return worker, None, why
        worker.begin()
        return (worker, *worker.finish())
    finally:
        worker.close()
