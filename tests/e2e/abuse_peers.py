"""abuse_peers.py: servers with planted bugs, and the raw exchanges that the abuse tests share.

Each check of the abuse tests is a function of a port that returns complaints. The daemon must give
none; a server of this file that has the very bug must give them all, or the check is blind.
"""
import contextlib
import json
import re
import socket
import threading
import time


def exchange(port, data, timeout=5.0, source=None):
    """All that the peer answers to `data` until it closes or is silent for `timeout`."""
    answer = b""
    with contextlib.suppress(OSError), contextlib.closing(socket.create_connection(
            ("127.0.0.1", port), timeout, source_address=(source, 0) if source else None)) as s:
        s.sendall(data)
        while chunk := s.recv(65536):
            answer += chunk
    return answer


def statuses(answer):
    """The status of each response in a stream of them."""
    return [int(s) for s in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


class Lenient:
    """An HTTP server that believes everything: the planted bugs of a careless parser.

    It looks at no Host and no Origin, takes the first Content-Length it finds, any coding that ends
    in "chunked", either kind of line end, folded lines, any version; it reads JSON as most libraries
    do. `root`: a folder whose files it serves under whatever path is asked for, decoded twice.
    """

    def __init__(self, root=None):
        self.root = root
        self.server = socket.socket()
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.bind(("127.0.0.1", 0))
        self.server.listen(4096)
        self.port = self.server.getsockname()[1]
        self.held = []  # whatever is opened stays so
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.server.close()
        for s in self.held:
            s.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.server.accept()
                self.held.append(peer)
                if len(self.held) <= 512:  # the rest is accepted and held, without a thread
                    threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        buffer = b""
        with contextlib.suppress(OSError, ValueError):
            while chunk := peer.recv(65536):
                buffer += chunk
                while found := re.search(rb"\r?\n\r?\n", buffer):
                    head, rest = buffer[:found.start()], buffer[found.end():]
                    body, rest = self._body(head, rest)
                    if body is None:
                        break
                    buffer = rest
                    peer.sendall(self._answer(head, body))
                    if re.search(rb"(?i)\nconnection\s*:\s*(close|upgrade)", head):
                        return peer.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _body(head, rest):
        """The body and what follows it; None while it is not complete."""
        if re.search(rb"(?i)\ntransfer-encoding\s*:[^\n]*chunked", head):
            end = rest.find(b"0\r\n\r\n")
            return (rest[:end], rest[end + 5:]) if end >= 0 else (None, rest)
        length = re.search(rb"(?i)\ncontent-length\s*:\s*\+?(\d+)", head)
        size = int(length[1]) if length else 0
        return (rest[:size], rest[size:]) if len(rest) >= size else (None, rest)

    def _answer(self, head, body):
        status, text = 200, b"{}"
        if re.search(rb"(?i)\nupgrade\s*:", head):
            return b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
        if b"application/json" in head and body:
            try:
                json.loads(body.decode("utf-8", "replace"), strict=False)
            except (ValueError, RecursionError):
                status = 400
        if self.root is not None:
            text = self._file(head)
        return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text)

    def _file(self, head):
        target = head.split(b" ")[1].decode("latin-1").partition("?")[0]
        for _ in range(2):
            target = re.sub("%([0-9A-Fa-f]{2})", lambda m: chr(int(m[1], 16)), target)
        target = target.replace("\\", "/").partition("\0")[0]
        with contextlib.suppress(OSError, ValueError):
            return (self.root / ("." + target[target.find("/.."):] if "/.." in target else target.lstrip("/"))).read_bytes()
        return b"no such file"


def until_closed(s, deadline):
    """Reads until the peer closes; the bytes, or None when it did not within `deadline` seconds."""
    got, end = b"", time.monotonic() + deadline
    while True:
        s.settimeout(max(0.01, end - time.monotonic()))
        try:
            chunk = s.recv(65536)
        except TimeoutError:
            if time.monotonic() >= end:
                return None
            continue
        except OSError:
            return got
        if not chunk:
            return got
        got += chunk
