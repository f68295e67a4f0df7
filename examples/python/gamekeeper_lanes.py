"""Lanes of a Gamekeeper daemon on this machine: one actor at a time, highest priority first.

    from gamekeeper_lanes import PacketMutex

    with PacketMutex("fisher") as grant:   # waits for the lane "character"
        send(rod_on_water)
        grant.check()                      # raises LaneLost if the lease has ended meanwhile
        send(pull)

Without a grant the body does not run: LaneTimeout, LaneRefused or OSError is raised instead.
Standard library only. A PacketMutex is one connection: use one a thread, and none across fork().
The messages are in docs/arbiter.md.
"""
import itertools
import json
import os
import socket
import time

__all__ = ["PacketMutex", "LaneError", "LaneTimeout", "LaneRefused", "LaneLost", "socket_path"]


class LaneError(Exception):
    """What the daemon said no to; `kind` is stable, e.g. "forbidden"."""

    def __init__(self, kind, detail):
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail = kind, detail


class LaneTimeout(LaneError):
    """The lane was not granted in time."""


class LaneRefused(LaneError):
    """The daemon refused the request: wrong actor, unknown lane, full queue, …"""


class LaneLost(LaneError):
    """The grant has ended; nothing may be sent under it any more."""


def inherited():
    """The connection that the daemon gave this process at its start, a macro of it; else None."""
    try:
        return socket.socket(fileno=os.dup(int(os.environ["GAMEKEEPER_LANES_FD"])))
    except (KeyError, ValueError, OSError):
        return None


_numbers = itertools.count(1)  # of requests; no two of a process share one


def socket_path():
    """$GAMEKEEPER_LANES, or lanes.sock in the daemon's default data folder."""
    if "GAMEKEEPER_LANES" in os.environ:
        return os.environ["GAMEKEEPER_LANES"]
    for name, tail in (("STATE_DIRECTORY", ""), ("XDG_DATA_HOME", "gamekeeper"),
                       ("HOME", ".local/share/gamekeeper")):
        if os.environ.get(name):
            return os.path.join(os.environ[name], tail, "lanes.sock")
    return "/var/lib/gamekeeper/lanes.sock"


class PacketMutex:
    """One actor's way to one lane. Use as a context manager, again and again."""

    REPLY = 10.0  # seconds that the daemon may take for an answer that needs no waiting

    def __init__(self, actor=None, lane="character", timeout=30.0, lease=None, path=None):
        """actor None: the one module that names this process. timeout and lease in seconds.

        In a macro of the daemon without `path`, the connection that it got at its start is used:
        there it is the actor of its macro's id, and may leave `actor` out. One PacketMutex at a
        time may use it."""
        self.actor, self.lane, self.timeout, self.lease = actor, lane, timeout, lease
        self.path = path
        self.token = None       # of the grant that is held
        self.ends = 0.0         # time.monotonic() at which its lease ends, about; check() is exact
        self.lost_reason = None
        self._inherited = False
        self._asked = None      # number of the acquire that has no answer yet
        self._socket = None

    def __enter__(self):
        self.acquire()
        return self

    def __exit__(self, *failure):
        try:
            self.release()
        except (LaneLost, OSError):
            if failure[0] is None:
                raise

    def acquire(self):
        """Waits for the grant; returns its token."""
        if self.token is not None:
            raise RuntimeError("this PacketMutex holds its lane already")
        if self._socket is None:
            self._connect()
        message = {"op": "acquire", "lane": self.lane, "timeout_s": self.timeout}
        if self.actor is not None:
            message["actor"] = self.actor
        if self.lease is not None:
            message["lease_s"] = self.lease
        try:
            answer = self._call(message, self.timeout + self.REPLY)
        except BaseException:
            self.close()  # Interrupted: the request, or the grant, is given up.
            raise
        self.lost_reason = None
        self.token = answer["token"]
        self.ends = time.monotonic() + answer["expires_in_s"]
        return self.token

    def release(self):
        """Ends the grant. Raises LaneLost when it had ended before."""
        token, self.token = self.token, None
        if token is None:
            return
        if self.lost_reason is not None:
            raise LaneLost("lost", self.lost_reason)
        self._call({"op": "release", "lane": self.lane, "token": token}, self.REPLY)

    def check(self):
        """Raises LaneLost unless an act under this grant may happen now."""
        if self.token is None:
            raise LaneLost("lost", "not held")
        answer = self._call({"op": "send-check", "lane": self.lane, "token": self.token}, self.REPLY)
        if not answer["valid"]:
            raise LaneLost("lost", self.lost_reason or "the lease has ended")

    def renew(self):
        """Moves the end of the lease; returns the seconds left."""
        answer = self._call({"op": "renew", "lane": self.lane, "token": self.token}, self.REPLY)
        self.ends = time.monotonic() + answer["expires_in_s"]
        return answer["expires_in_s"]

    def status(self):
        """Holder, depth and times of the lane."""
        if self._socket is None:
            self._connect()
        return self._call({"op": "status", "lane": self.lane}, self.REPLY)["status"]

    def close(self):
        """Closes the connection: the daemon frees what it held, at once."""
        if self._socket is not None:
            if self._inherited:  # It stays open for others: say what closing says elsewhere.
                try:
                    self._give_up()
                except (LaneError, OSError, ValueError):
                    pass
            self._socket.close()
        self._socket, self.token, self._asked = None, None, None

    def _give_up(self):
        if self._asked is not None:
            self._send({"op": "cancel", "wait": self._asked}, next(_numbers))
            answer = self._answer(self._asked, self.REPLY)
            self.token = answer["token"] if answer["ok"] else None
        if self.token is not None:
            self._call({"op": "release", "lane": self.lane, "token": self.token}, self.REPLY)

    def _connect(self):
        self._socket = inherited() if self.path is None else None
        self._inherited = self._socket is not None
        if self._inherited:
            return
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._socket.connect(self.path or socket_path())
        except OSError:
            self.close()
            raise

    def _call(self, message, patience):
        if self._socket is None:
            raise LaneLost("lost", "the connection is closed")
        number = next(_numbers)
        self._asked = number if message["op"] == "acquire" else None
        self._send(message, number)
        answer = self._answer(number, patience)
        self._asked = None
        if answer["ok"]:
            return answer
        kind, detail = answer["error"], answer["detail"]
        if kind == "lock-timeout":
            raise LaneTimeout(kind, detail)
        if kind == "conflict":
            raise LaneLost(kind, detail)
        raise LaneRefused(kind, detail)

    def _send(self, message, number):
        message["id"] = number
        self._socket.settimeout(self.REPLY)
        self._socket.send(json.dumps(message).encode())

    def _answer(self, number, patience):
        end = time.monotonic() + patience
        while True:
            self._socket.settimeout(max(0.001, end - time.monotonic()))
            packet = self._socket.recv(4096)
            if not packet:
                self._inherited = False
                self.close()
                raise ConnectionResetError("the daemon closed the connection")
            answer = json.loads(packet)
            if answer.get("event") == "lost":
                if answer["token"] == self.token or self.token is None:
                    self.lost_reason = answer["reason"]
            elif answer.get("id") == number:
                return answer
