#!/usr/bin/env python3
"""tls_bench.py: what gamekeeper-tls costs, against the same daemon without it in the same run.

Usage: GK_BIN=build/release/bin bench/tls_bench.py [requests] [handshakes] [memory] [unread] [restart]
Prints one JSON object a figure: name, n, median, p99, unit, method. No argument: all of them.
Loopback only; client (wrk), gamekeeper-tls and daemon share the machine.
"""
import contextlib
import os
import pathlib
import re
import signal
import ssl
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "e2e"))
from daemon_bench import cpu_seconds, memory_kib, report, wrk_latency  # noqa: E402
from gk import Daemon  # noqa: E402
from tls_test import Files, front_of, secure_daemon  # noqa: E402

CONFIG = "[http]\nmax_per_address = 2048\nmax_connections = 2048\n"
PATH = "/api/health/live"


def wrk(daemon, connections, seconds, *words):
    done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *words, daemon.origin + PATH],
                          text=True, capture_output=True)
    assert "requests in" in done.stdout, done.stdout + done.stderr
    out = done.stdout
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    count = int(re.search(r"(\d+) requests in", out)[1])
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), "count": count,
            "p50": wrk_latency(out, 50), "p99": wrk_latency(out, 99)}


@contextlib.contextmanager
def both():
    """A daemon with TLS and one without."""
    with Files() as files, Daemon(config=CONFIG, setup=False) as plain, \
            Daemon(*files.options, config=CONFIG, setup=False, tls=files.client()) as secure:
        secure.front = front_of(secure)
        yield plain, secure


def bench_requests(runs=5, seconds=6):
    for connections in (1, 32):
        with both() as (plain, secure):
            for kind, daemon in (("plain", plain), ("tls", secure)):
                wrk(daemon, connections, 1)
            told = {"plain": [], "tls": []}
            cost = []
            for _ in range(runs):  # Turn by turn: what the machine does meanwhile happens to both.
                told["plain"].append(wrk(plain, connections, seconds))
                before = cpu_seconds(secure.front)
                told["tls"].append(wrk(secure, connections, seconds))
                cost.append((cpu_seconds(secure.front) - before) / told["tls"][-1]["count"] * 1e6)
            method = f"wrk -t1 -c{connections} for {seconds} s, GET {PATH}, kept alive, runs alternate"
            for kind, values in told.items():
                for what, unit in (("rate", "1/s"), ("p50", "ms"), ("p99", "ms")):
                    report(f"{kind}_{connections}_{what}", [v[what] for v in values], unit, method)
            report(f"tls_{connections}_front_cpu", cost, "us", method + "; CPU of gamekeeper-tls a request")


def full_handshakes(daemon, seconds):
    """How many the openssl program makes, three at a time: each anew, none resumed."""
    command = ["openssl", "s_time", "-connect", f"127.0.0.1:{daemon.port}", "-new", "-time", str(seconds)]
    clients = [subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(3)]
    said = [client.communicate()[0] for client in clients]
    return sum(int(re.search(r"(\d+) connections in \d+ real seconds", text)[1]) for text in said)


def bench_handshakes(runs=5, seconds=5):
    for key in (("ec", "-pkeyopt", "ec_paramgen_curve:P-256"), ("rsa:2048",)):
        with Files() as files:
            files.make("bench", key=key)
            with Daemon(*files.options, config=CONFIG, setup=False, tls=files.client()) as daemon:
                front, told = front_of(daemon), {"full": ([], []), "resumed": ([], [])}
                for _ in range(runs):
                    for kind, (rates, cost) in told.items():
                        before = cpu_seconds(front)
                        if kind == "full":
                            count = full_handshakes(daemon, seconds)
                        else:
                            count = wrk(daemon, 16, seconds, "-H", "Connection: close")["count"]
                        rates.append(count / seconds)
                        cost.append((cpu_seconds(front) - before) / count * 1e3)
                methods = {"full": f"three of openssl s_time -new -time {seconds}, TLS 1.3",
                           "resumed": f"wrk -t1 -c16 for {seconds} s, Connection: close; it resumes by ticket; with a request each"}
                for kind, (rates, cost) in told.items():
                    name = f"handshakes_{key[0].partition(':')[0]}_{kind}"
                    report(name, rates, "1/s", methods[kind])
                    report(name + "_front_cpu", cost, "ms", methods[kind] + "; CPU of gamekeeper-tls each")


def bench_memory(clients=1000):
    with both() as (_, secure):
        before = memory_kib(secure.front, "Rss") / 1024
        report("front_rss", [before], "MiB", "Rss of smaps_rollup, no client yet")
        with contextlib.ExitStack() as stack:
            for _ in range(clients):
                client = stack.enter_context(secure.connect())
                client.sendall(f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
                assert client.recv(4096).startswith(b"HTTP/1.1 200")
            after = memory_kib(secure.front, "Rss") / 1024
            report("front_rss_1000", [after], "MiB", f"the same with {clients} clients that have asked once and wait",
                   each_kib=round((after - before) * 1024 / clients, 1))


def bench_unread(runs=5, answers=500, seconds=3):
    """What a client costs that asks for much and does not read; then it reads."""
    daemon_grown, front_grown, speed = [], [], []
    for _ in range(runs):
        with secure_daemon(config=CONFIG) as secure, secure.connect() as client:
            size = len(secure.anonymous().get("/api/openapi.json").body) * answers
            assert size > 100e6, size
            processes = secure.process.pid, front_of(secure)
            before = [memory_kib(pid, "Rss") for pid in processes]
            request = f"GET /api/openapi.json HTTP/1.1\r\nHost: 127.0.0.1:{secure.port}\r\n\r\n".encode()
            sender = threading.Thread(target=client.sendall, args=(request * answers,))
            sender.start()
            time.sleep(seconds)
            grown = [(memory_kib(pid, "Rss") - was) / 1024 for pid, was in zip(processes, before)]
            start, got = time.monotonic(), 0
            while got < size:
                chunk = client.recv(1 << 18)
                assert chunk, "the connection ended early"
                got += len(chunk)
            speed.append(got / 1e6 / (time.monotonic() - start))
            sender.join()
            daemon_grown.append(grown[0])
            front_grown.append(grown[1])
    method = f"{answers} answers of openapi.json, {size / 1e6:.0f} MB, asked for on one connection, not read for {seconds} s"
    report("unread_daemon_rss", daemon_grown, "MiB", method + "; growth of Rss")
    report("unread_front_rss", front_grown, "MiB", method + "; growth of Rss")
    report("unread_then_read", speed, "MB/s", method + ", then read by Python")


def bench_restart(runs=6):
    """From kill -9 to the next answer; each time a daemon that has not lost a process before."""
    times = []
    for _ in range(runs):
        with secure_daemon(config=CONFIG, setup=False) as secure:
            front, start = front_of(secure), time.monotonic()
            os.kill(front, signal.SIGKILL)
            while True:
                with contextlib.suppress(ConnectionError, ssl.SSLError), secure.connect() as client:
                    client.sendall(f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
                    if client.recv(4096).startswith(b"HTTP/1.1 200"):
                        break
            times.append((time.monotonic() - start) * 1e3)
    report("restart", times, "ms", f"kill -9 of gamekeeper-tls, then GET {PATH} until it is answered; 200 ms are waited on purpose")


if __name__ == "__main__":
    for name in sys.argv[1:] or ["requests", "handshakes", "memory", "unread", "restart"]:
        globals()[f"bench_{name}"]()
