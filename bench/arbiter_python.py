#!/usr/bin/env python3
"""The arbiter's rivals in Python: an uncontended threading.Lock, and 8 threads on one Lock."""
import threading
import time

N = 1_000_000


def uncontended():
    lock = threading.Lock()
    best = min(_round(lock) for _ in range(5))
    print(f"threading.Lock acquire + release, no rival: {best:.1f} ns n={5 * N}")


def _round(lock):
    begin = time.perf_counter_ns()
    for _ in range(N):
        with lock:
            pass
    return (time.perf_counter_ns() - begin) / N


def contended():
    lock, stop, counts = threading.Lock(), threading.Event(), [0] * 8

    def work(i):
        while not stop.is_set():
            with lock:
                counts[i] += 1

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(3)
    stop.set()
    for thread in threads:
        thread.join()
    print(f"threading.Lock, 8 threads: {sum(counts) / 3000:.1f} k/s; least {min(counts)}, most {max(counts)}")


uncontended()
contended()
