"""Figures of Lua macros, for docs/performance.md: python3 figures.py [n]. Not a test."""
import os
import pathlib
import sys
import time

from lua_worker import Worker

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))
import gk

WORKER = str(pathlib.Path(os.environ.get("GK_BIN", "build/release/bin")).resolve() / "gamekeeper-worker")


def show(what, seconds):
    seconds.sort()
    at = lambda q: seconds[min(len(seconds) - 1, int(len(seconds) * q))] * 1e3
    print(f"{what}: n = {len(seconds)}, median {at(0.5):.2f} ms, p99 {at(0.99):.2f} ms, max {at(1):.2f} ms")


def through_the_daemon(n):
    """Start and stop over HTTP; stop answers when the process is reaped."""
    start, stop = [], []
    with gk.Daemon() as d:
        texts = {"loop": "while true do pcall(function() while true do end end) end",
                 "match": "string.match(string.rep('a', 200), string.rep('a*', 20) .. 'b')"}
        for name, source in texts.items():
            d.admin.ask("PUT", f"/api/macro-scripts/{name}", {"kind": "lua", "source": source})
            for _ in range(n):
                begun = time.monotonic()
                answer = d.admin.post("/api/macro-safety/start", {"macro_id": name, "script": name})
                assert answer.status == 201, answer
                start.append(time.monotonic() - begun)
                time.sleep(0.01)
                begun = time.monotonic()
                answer = d.admin.post(f"/api/macro-safety/stop/{name}")
                assert answer.status == 200, answer
                stop.append(time.monotonic() - begun)
            show(f"POST start of a Lua macro ({name})", start)
            show(f"POST stop to reaped ({name})", stop)
            start, stop = [], []


def main(n):
    ready, soft, dead = [], [], []
    for _ in range(n):
        begun = time.monotonic()
        worker = Worker(WORKER, "while true do pcall(function() while true do end end) end")
        assert worker.ready() is None
        ready.append(time.monotonic() - begun)
        worker.begin()
        time.sleep(0.01)
        begun = time.monotonic()
        worker.process.terminate()
        worker.process.wait(5)
        soft.append(time.monotonic() - begun)
        worker.close()
    for _ in range(n):
        worker = Worker(WORKER, "string.match(string.rep('a', 200), string.rep('a*', 20) .. 'b')")
        assert worker.ready() is None
        worker.begin()
        time.sleep(0.01)
        begun = time.monotonic()
        worker.cancel()
        dead.append(time.monotonic() - begun)
        worker.close()
    show("launch to ready, with fork of the test's Python", ready)
    show("SIGTERM to end of the process, loop in pcall", soft)
    show("SIGTERM to dead, inside a pattern match (20 ms grace, then SIGKILL)", dead)
    through_the_daemon(n)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
