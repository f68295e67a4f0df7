"""The daemon as a service: ready, alive and ending are told to the service manager, and a loop that
hangs goes silent, so that the manager restarts it."""
import ctypes
import os
import pathlib
import signal
import socket
import tempfile
import time
import unittest

from gk import Daemon, wait_for

WATCHDOG_S = 0.6
LIBC = ctypes.CDLL(None, use_errno=True)
SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class StoppedThread:
    """Stops one thread, and no other of its process, as a hang would."""

    def __init__(self, tid):
        self.tid = tid

    def __enter__(self):
        for request in (SEIZE, INTERRUPT):
            if LIBC.ptrace(request, self.tid, None, None) != 0:
                raise unittest.SkipTest(f"ptrace is not allowed: {os.strerror(ctypes.get_errno())}")
        os.waitpid(self.tid, 0x40000000)  # __WALL

    def __exit__(self, *_):
        LIBC.ptrace(DETACH, self.tid, None, None)


class Manager:
    """What systemd is for a service."""

    def __init__(self):
        self.dir = tempfile.TemporaryDirectory(prefix="gk-notify-")
        self.path = self.dir.name + "/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.env = {"NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6))}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.dir.cleanup()

    def messages(self):
        out = []
        while True:
            try:
                out.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return out

    def heard_in(self, seconds):
        """What comes within a time; the tests below are about silence, so they must wait."""
        self.messages()
        time.sleep(seconds)
        return self.messages()


class Notification(unittest.TestCase):
    def test_ready_comes_when_requests_are_answered_and_stopping_at_the_end(self):
        with Manager() as manager, Daemon(env=manager.env) as daemon:
            heard = []
            wait_for("READY=1", lambda: heard.extend(manager.messages()) or any("READY=1" in m for m in heard))
            ready = next(m for m in heard if m.startswith("READY=1"))
            self.assertIn(f"STATUS=serves http://127.0.0.1:{daemon.port}", ready)
            daemon.stop()
            self.assertIn("STOPPING=1", manager.messages())

    def test_ready_is_not_said_by_a_daemon_that_cannot_start(self):
        with Manager() as manager, Daemon() as first:
            with self.assertRaises(AssertionError):
                Daemon(data=first.data, env=manager.env).start()
            self.assertEqual(manager.messages(), [])

    def test_a_loop_that_hangs_goes_silent(self):
        with Manager() as manager, Daemon(env=manager.env) as daemon:
            self.assertIn("WATCHDOG=1", manager.heard_in(2 * WATCHDOG_S))
            with StoppedThread(daemon.process.pid):  # The main thread is the loop.
                self.assertNotIn("WATCHDOG=1", manager.heard_in(3 * WATCHDOG_S))
            self.assertIn("WATCHDOG=1", manager.heard_in(2 * WATCHDOG_S))

    def test_another_thread_that_hangs_does_not(self):
        # The control of the test above: stopping a thread is not what makes the daemon silent.
        with Manager() as manager, Daemon(env=manager.env) as daemon:
            pid = daemon.process.pid
            other = next(int(t.name) for t in pathlib.Path(f"/proc/{pid}/task").iterdir() if int(t.name) != pid)
            with StoppedThread(other):
                self.assertIn("WATCHDOG=1", manager.heard_in(2 * WATCHDOG_S))

    def test_macros_are_not_told_where_the_manager_is(self):
        with Manager() as manager, Daemon(env=manager.env) as daemon:
            environment = pathlib.Path(f"/proc/{daemon.process.pid}/environ").read_bytes()
            self.assertIn(b"NOTIFY_SOCKET", environment)  # What the daemon was started with …
            done = daemon.cli("macro", "run", "--id", "env", "--", "/usr/bin/env")
            self.assertNotIn("NOTIFY_SOCKET", done.stdout + daemon.log_text())  # … goes no further.
            daemon.signal(signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
