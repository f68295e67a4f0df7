"""Abuse of connections: slow heads and bodies, clients that never read, 2,000 at once, descriptors.

Every check also runs against a server without limits, which must get complaints.
"""
import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import re
import resource
import socket
import subprocess
import sys
import time
import unittest

from abuse_peers import Lenient, until_closed
from gk import Daemon, wait_for

ADDRESSES = [f"127.0.{1 + i // 200}.{1 + i % 200}" for i in range(50)]


def connect(port, source=None, timeout=5):
    return socket.create_connection(("127.0.0.1", port), timeout, source_address=(source, 0) if source else None)


def drip(s, data, pause, count):
    """Sends `data` again and again, until the peer closes."""
    with contextlib.suppress(OSError):
        for _ in range(count):
            s.sendall(data)
            time.sleep(pause)
            s.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                if not s.recv(1, socket.MSG_PEEK):
                    return
                return  # an answer: that is the end of it, too
            s.setblocking(True)


def slow(port, first, data, deadline):
    """Seconds until a client that drips is answered or closed; None when it is not by `deadline`."""
    with connect(port, "127.0.0.21") as s:
        s.sendall(first)
        begin = time.monotonic()
        drip(s, data, 0.25, int(deadline * 4))
        answer = until_closed(s, max(0.1, begin + deadline - time.monotonic()))
        return None if answer is None else time.monotonic() - begin


SLOW = {
    "a head without an end": (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"", 8),
    "a head that drips fields": (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"A: b\r\n", 8),
    "a request line that drips": (b"GET /", b"a", 8),
    "a body that never comes": (b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n", b"", 12),
    "a body that drips": (b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n", b"x", 12),
    "chunks that drip": (b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
                         b"1\r\nx\r\n", 12),
}


def too_patient(port):
    """The slow clients that are still served when their time is up, all at once."""
    with concurrent.futures.ThreadPoolExecutor(len(SLOW)) as pool:
        runs = {name: pool.submit(slow, port, *how) for name, how in SLOW.items()}
    return {name: run.result() for name, run in runs.items()}


class Slow(unittest.TestCase):
    def test_slow_heads_and_bodies_are_ended_and_harm_nobody(self):
        with Daemon() as daemon, concurrent.futures.ThreadPoolExecutor(1) as pool:
            abuse = pool.submit(too_patient, daemon.port)
            worst = 0.0
            while not abuse.done():
                begin = time.monotonic()
                self.assertEqual(daemon.anonymous().get("/api/health/live").status, 200)
                worst = max(worst, time.monotonic() - begin)
                time.sleep(0.1)
            ended = abuse.result()
            print(f"slow clients ended after {ended}; worst answer to another {worst * 1e3:.0f} ms")
            self.assertEqual([name for name, after in ended.items() if after is None], [])
            self.assertGreater(min(ended.values()), 4, "but a slow line is given its time")
            self.assertLess(worst, 1)

    def test_a_server_that_waits_for_ever_is_noticed(self):
        with Lenient() as peer:
            self.assertEqual([n for n, after in too_patient(peer.port).items() if after is None], list(SLOW))


def rss_kb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


# Reads requests and keeps every answer in memory for a client that does not read: the planted bug.
KEEPS_ALL = """
import selectors, socket, sys
server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen(100)
print(server.getsockname()[1], flush=True)
chosen = selectors.DefaultSelector(); chosen.register(server, selectors.EVENT_READ); waiting = {}
while True:
    for key, _ in chosen.select():
        if key.fileobj is server:
            peer = server.accept()[0]; peer.setblocking(False)
            chosen.register(peer, selectors.EVENT_READ); waiting[peer] = bytearray(); continue
        try: asked = key.fileobj.recv(1 << 16)
        except OSError: asked = b""
        if not asked: chosen.unregister(key.fileobj); waiting.pop(key.fileobj); continue
        waiting[key.fileobj] += bytes(40_000) * asked.count(b"\\r\\n\\r\\n")
"""
ASK = b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"


def never_reads(port, pid, clients=20, seconds=4.0):
    """(requests that were taken, growth in KiB) of clients that ask for large answers and read none."""
    before, taken = rss_kb(pid), 0
    peers = []
    for i in range(clients):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.bind((ADDRESSES[i], 0))
        s.connect(("127.0.0.1", port))
        s.setblocking(False)
        peers.append(s)
    end, growth = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for s in peers:
            with contextlib.suppress(OSError):
                taken += s.send(ASK * 50) // len(ASK)
        growth = max(growth, rss_kb(pid) - before)
        if growth > 500_000:
            break
        time.sleep(0.01)
    for s in peers:
        s.close()
    return taken, growth


MAX_GROWTH_KB = 40_000  # 20 clients, each one answer of 300 KB and what waits in the kernel


class NeverReads(unittest.TestCase):
    def test_clients_that_never_read_cost_bounded_memory(self):
        with Daemon() as daemon:
            daemon.admin.get("/api/openapi.json")
            taken, growth = never_reads(daemon.port, daemon.process.pid)
            print(f"20 clients that never read: {taken} requests sent, {growth} KiB more")
            self.assertGreater(taken, 500)
            self.assertLess(growth, MAX_GROWTH_KB)
            self.assertEqual(daemon.anonymous().get("/api/health/live").status, 200)

    def test_a_server_that_keeps_every_answer_is_noticed(self):
        peer = subprocess.Popen([sys.executable, "-c", KEEPS_ALL], stdout=subprocess.PIPE, text=True)
        self.addCleanup(peer.wait)
        self.addCleanup(peer.kill)
        port = int(peer.stdout.readline())
        peer.stdout.close()
        self.assertGreater(never_reads(port, peer.pid)[1], MAX_GROWTH_KB)


def open_many(port, each):
    """`each` connections from each of 50 addresses, all held: (held, those that are refused or closed)."""
    held, ended = [], 0
    for i in range(each):
        for source in ADDRESSES:
            try:
                held.append(connect(port, source, 2))
            except OSError:
                ended += 1
    return held, ended


def still_open(held):
    """The connections of `held` that the peer has neither answered nor closed."""
    open_ = 0
    for s in held:
        s.setblocking(False)
        try:
            s.recv(1)
        except BlockingIOError:
            open_ += 1
        except OSError:
            pass
    return open_


def crowd(port):
    """How many of 2,000 silent connections a server keeps."""
    held, _ = open_many(port, 40)
    time.sleep(1)
    try:
        return still_open(held)
    finally:
        for s in held:
            s.close()


class Crowd(unittest.TestCase):
    def setUp(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))

    def test_of_2000_connections_1024_are_kept_and_served(self):
        with Daemon() as daemon:
            pid = daemon.process.pid
            before, files = rss_kb(pid), len(os.listdir(f"/proc/{pid}/fd"))
            early = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=5, source_address=("127.0.0.1", 0))
            self.addCleanup(early.close)
            early.connect()
            held, _ = open_many(daemon.port, 40)
            self.addCleanup(lambda: [s.close() for s in held])
            time.sleep(1)
            kept = still_open(held)
            growth = rss_kb(pid) - before
            print(f"2,000 connections: {kept} kept, {growth} KiB more, {len(os.listdir(f'/proc/{pid}/fd')) - files} descriptors")
            self.assertLessEqual(kept, 1024)
            self.assertGreater(kept, 900)
            self.assertLess(growth, 40_000)
            early.request("GET", "/api/health/live")
            self.assertEqual(early.getresponse().status, 200, "who was there before is served")
            for s in held:
                s.close()
            wait_for("room", lambda: self.live(daemon))
            wait_for("all descriptors to be given back", lambda: len(os.listdir(f"/proc/{pid}/fd")) <= files + 8)

    def test_one_address_gets_64_and_leaves_room_for_others(self):
        with Daemon() as daemon:
            greedy = [connect(daemon.port, "127.0.0.66") for _ in range(200)]
            self.addCleanup(lambda: [s.close() for s in greedy])
            time.sleep(0.3)
            self.assertEqual(still_open(greedy), 64)
            self.assertTrue(self.live(daemon))

    def test_a_server_without_limits_is_noticed(self):
        with Lenient() as peer:
            self.assertGreater(crowd(peer.port), 1024)

    @staticmethod
    def live(daemon):
        with contextlib.suppress(OSError, http.client.HTTPException):
            return daemon.anonymous().get("/api/health/live").status == 200


if __name__ == "__main__":
    unittest.main()
