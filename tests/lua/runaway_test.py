"""Runaway programs: each ends by SIGTERM inside the VM, or by SIGKILL 20 ms later, or by itself
with an error, and takes no more memory than it may."""
import os
import pathlib
import time
import unittest

from lua_worker import LINE, Worker

BIN = pathlib.Path(os.environ.get("GK_BIN", "build/release/bin")).resolve()
CORPUS = sorted((pathlib.Path(__file__).parent / "runaway").glob("*.lua"))
MAX_RSS_KIB = 48 * 1024  # 32 MiB of the VM, the buffers of the worker, huge pages.


def play(path, run_s=0.15):
    """(how it ended, largest memory in KiB, seconds to its end)"""
    worker = Worker(str(BIN / "gamekeeper-worker"), path.read_text(), name=path.stem)
    try:
        assert worker.ready() is None, path
        worker.begin()
        worker.write(LINE, b"\1\0\0\0x")  # A line, for those who listen.
        worker.socket.setblocking(False)
        end, peak = time.monotonic() + run_s, 0
        while time.monotonic() < end and worker.process.poll() is None:
            peak = max(peak, worker.rss_kib())
            try:
                while worker.socket.recv(1 << 20):
                    pass
            except OSError:
                pass
            time.sleep(0.005)
        if worker.process.poll() is not None:
            return "itself", peak, 0.0
        begun = time.monotonic()
        how = "soft" if worker.cancel() else "kill"
        return how, peak, time.monotonic() - begun
    finally:
        worker.close()


class Runaway(unittest.TestCase):
    def test_corpus_is_large_enough(self):
        self.assertGreaterEqual(len(CORPUS), 40)

    def test_every_program_is_stopped_with_bounded_memory(self):
        counts, soft = {"itself": 0, "soft": 0, "kill": 0}, []
        for path in CORPUS:
            with self.subTest(path.stem):
                how, peak, seconds = play(path)
                counts[how] += 1
                if how == "soft":
                    soft.append(seconds)
                self.assertLess(peak, MAX_RSS_KIB)
                self.assertLess(seconds, 1.0)
                if path.stem.startswith(("loop_", "pcall_")):
                    self.assertEqual(how, "soft", "a plain loop ends inside the VM")
        soft.sort()
        print(f"\n{len(CORPUS)} programs: {counts}; soft cancel median {soft[len(soft) // 2] * 1e3:.2f} ms,"
              f" p99 {soft[int(len(soft) * 0.99)] * 1e3:.2f} ms")
        self.assertGreater(counts["soft"], 30)

    def test_control_nothing_ends_without_the_cancel(self):
        """The loops end because of the signal, not by themselves."""
        worker = Worker(str(BIN / "gamekeeper-worker"), "while true do end")
        try:
            self.assertIsNone(worker.ready())
            worker.begin()
            with self.assertRaises(Exception):
                worker.process.wait(0.3)
        finally:
            worker.close()


if __name__ == "__main__":
    unittest.main()
