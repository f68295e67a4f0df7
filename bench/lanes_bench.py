"""lanes_bench.py: what a lane of the daemon costs a Python program, and what idle lanes cost.

Usage: GK_BIN=build/release/bin python3 bench/lanes_bench.py [SECONDS_IDLE]
Starts a daemon of its own. Latencies include this program's JSON and system calls.
"""
import contextlib
import json
import pathlib
import re
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "examples" / "python"))
from gamekeeper_lanes import PacketMutex  # noqa: E402
from gk import Daemon, UnixConnection  # noqa: E402


def measure(what, n, work):
    times = []
    for _ in range(n):
        begin = time.perf_counter()
        work()
        times.append((time.perf_counter() - begin) * 1e6)
    times.sort()
    print(f"{what:46} p50 {times[n // 2]:8.1f} us  p99 {times[n * 99 // 100]:8.1f} us  n={n}")


def threads(pid):
    """CPU time in ns and voluntary context switches of each thread."""
    out = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        switches = next(line for line in (task / "status").read_text().splitlines() if line.startswith("voluntary"))
        out[(task / "comm").read_text().strip() + " " + task.name] = (int((task / "schedstat").read_text().split()[0]), int(switches.split()[1]))
    return out


def anonymous_kib(pid):
    return int(re.search(r"^Anonymous:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])


def add_lanes(daemon, numbers):
    for i in numbers:
        daemon.admin.ask("PUT", f"/api/locks/lane{i}", {"spacing_s": 0})


def main():
    with Daemon() as daemon:
        add_lanes(daemon, range(50))
        mutex = PacketMutex("fisher", lane="lane0", path=str(daemon.data / "lanes.sock"))

        def cycle():
            mutex.acquire()
            mutex.release()
        measure("packets: acquire + release", 10_000, cycle)
        measure("packets: one round trip (status)", 10_000, mutex.status)
        http = UnixConnection(str(daemon.data / "gamekeeper.sock"))

        def post(verb, body):
            http.request("POST", f"/api/locks/lane1/{verb}", json.dumps(body), {"Content-Type": "application/json"})
            answer = http.getresponse()
            data = json.loads(answer.read())
            assert answer.status == 200, data
            return data

        def http_cycle():
            post("release", {"token": post("acquire", {"actor": "fisher"})["token"]})

        def live():
            http.request("GET", "/api/health/live")
            http.getresponse().read()
        measure("HTTP, Unix socket: acquire + release", 5_000, http_cycle)
        measure("HTTP, Unix socket: one round trip (liveness)", 5_000, live)
        few = anonymous_kib(daemon.process.pid)
        add_lanes(daemon, range(50, 250))
        print(f"memory of one more lane: {(anonymous_kib(daemon.process.pid) - few) * 1024 / 200:.0f} bytes  n=200")
        with contextlib.ExitStack() as stack:
            for _ in range(16):
                sock = stack.enter_context(contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)))
                sock.connect(str(daemon.data / "lanes.sock"))
            time.sleep(2)
            seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
            before = threads(daemon.process.pid)
            time.sleep(seconds)
            after = threads(daemon.process.pid)
        print(f"idle for {seconds:g} s with 251 lanes and 16 connections, all of the daemon:")
        for name, (ns, switches) in after.items():
            old = before.get(name, (0, 0))
            print(f"  {name:24} {(ns - old[0]) / 1e7 / seconds:8.4f} % CPU  {switches - old[1]:6} wake-ups")


if __name__ == "__main__":
    main()
