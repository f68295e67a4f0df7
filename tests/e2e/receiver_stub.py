"""receiver_stub.py: a local Discord or webhook that behaves well, hangs, limits, redirects, floods
or shows a wrong certificate. For notices_test.py."""
import contextlib
import json
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import time


class Receiver:
    """One TCP server; `mode` may change while it serves. Use as a context manager.

    ok       204, or Discord's 200 with the message
    hang     reads the request and never answers
    limited  429 with retry_after for the next `limit_count` requests, then ok
    redirect 302 to `target`
    flood    200 and then a body of a gigabyte
    head     endless headers
    fail     500
    gone     404
    """

    def __init__(self, mode="ok", certificate=None):
        self.mode, self.certificate = mode, certificate
        self.requests, self.connections, self.sent_bytes = [], 0, 0
        self.limit_count, self.retry_after, self.target = 1, 0.5, "http://127.0.0.1:1/"
        self.open = []

    def __enter__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *failure):
        self.server.close()
        for connection in self.open:
            with contextlib.suppress(OSError):
                connection.close()

    def url(self, path="/api/webhooks/1/secret-token"):
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}{path}"

    def bodies(self):
        return [json.loads(r["body"]) for r in self.requests]

    def _accept(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            self.connections += 1
            self.open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if self.certificate:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(*self.certificate)
                connection = context.wrap_socket(connection, server_side=True)
            while self._answer(connection):
                pass
        with contextlib.suppress(OSError):
            connection.close()

    def _read(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(65536)
            if not chunk:
                return None
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (l.partition(":") for l in lines[1:])}
        while len(body) < int(headers.get("content-length", 0)):
            body += connection.recv(65536)
        return {"line": lines[0], "headers": headers, "body": body.decode(), "at": time.monotonic()}

    def _answer(self, connection):
        request = self._read(connection)
        if request is None:
            return False
        self.requests.append(request)
        mode = self.mode
        if mode == "hang":
            connection.recv(1)
            return False
        if mode == "limited" and self.limit_count > 0:
            self.limit_count -= 1
            return self._send(connection, "429 Too Many Requests",
                              json.dumps({"message": "limited", "retry_after": self.retry_after,
                                          "global": False}))
        if mode == "redirect":
            return self._send(connection, "302 Found", "", f"Location: {self.target}\r\n")
        if mode == "flood":
            return self._flood(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
        if mode == "head":
            return self._flood(connection, b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"y" * 1000 + b"\r\n")
        status = {"fail": "500 Internal Server Error", "gone": "404 Not Found"}.get(mode, "200 OK")
        return self._send(connection, status, "{}")

    def _send(self, connection, status, body, more=""):
        connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n{body}".encode())
        return True

    def _flood(self, connection, head, piece=b"z" * 65536):
        connection.sendall(head)
        for _ in range(1 << 14):
            self.sent_bytes += connection.send(piece)
        return False


@contextlib.contextmanager
def certificate(name="127.0.0.1"):
    """A fresh self-signed certificate and its key, as files."""
    with tempfile.TemporaryDirectory() as folder:
        cert, key = pathlib.Path(folder, "cert.pem"), pathlib.Path(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=test", "-addext", f"subjectAltName=IP:{name}",
                        "-keyout", key, "-out", cert], check=True, capture_output=True)
        yield str(cert), str(key)
