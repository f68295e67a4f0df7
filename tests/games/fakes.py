"""fakes.py: servers written from the protocols, for what no package has and for bad manners."""
import socket
import struct
import threading


class FakeServer:
    """A TCP server on a free port; `talk(self, connection)` runs in a thread a connection."""
    kind = "source"
    password = "rconpw"

    def __init__(self, port=0):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen()
        self.port = self.listener.getsockname()[1]
        self.connections, self.accepted = [], 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            self.connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            self.talk(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def talk(self, connection):
        raise NotImplementedError

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def settings(self, name, **more):
        return {"name": name, "kind": self.kind, "host": "127.0.0.1", "port": self.port,
                "password": self.password, **more}


def take(connection, count):
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            raise OSError("closed")
        data += chunk
    return data


class SourceServer(FakeServer):
    """Splits answers at 4096 bytes and mirrors a value packet, as Source does. `minecraft`: reads
    one packet a receive and throws away what else is in it, and knows no value packet."""

    def __init__(self, minecraft=False, drip=False):
        self.minecraft, self.drip = minecraft, drip
        super().__init__()

    def send(self, connection, request, kind, text):
        data = struct.pack("<iii", len(text) + 10, request, kind) + text + b"\0\0"
        if not self.drip:
            return connection.sendall(data)
        for n in range(0, len(data), 3):
            connection.sendall(data[n:n + 3])

    def receive(self, connection):
        if self.minecraft:
            data = connection.recv(1460)
            if len(data) < 14:
                raise OSError("closed")
        else:
            data = take(connection, 4)
            data += take(connection, struct.unpack("<i", data)[0])
        size, request, kind = struct.unpack("<iii", data[:12])
        return request, kind, data[12:size + 2]

    def talk(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            request, kind, text = self.receive(connection)
            if kind == 3:
                if not self.minecraft:
                    self.send(connection, request, 0, b"")
                good = text == self.password.encode()
                self.send(connection, request if good else -1, 2, b"")
            elif kind == 2:
                answer = self.answer(text.decode())
                for n in range(0, max(1, len(answer)), 4096):
                    self.send(connection, request, 0, answer[n:n + 4096])
            elif self.minecraft:
                self.send(connection, request, 0, b"Unknown request 0")
            else:
                self.send(connection, request, 0, b"")
                self.send(connection, request, 0, b"\0\x01\0\0")

    def answer(self, command):
        word, _, rest = command.partition(" ")
        if word == "lines":
            return b"".join(b"line %d \xc3\xa4\n" % n for n in range(int(rest)))
        if word == "flood":
            return b"x" * 79 + b"\n" if not rest else (b"x" * 79 + b"\n") * (int(rest) // 80)
        return b"" if word == "nothing" else command.encode()


class Hostile(FakeServer):
    """Says `greeting` and then nothing, or for ever."""

    def __init__(self, kind, greeting, close=False):
        self.kind, self.greeting, self.closes = kind, greeting, close
        super().__init__()

    def talk(self, connection):
        connection.sendall(self.greeting)
        if self.closes:
            return
        while connection.recv(65536):
            pass


class QuakeServer:
    """UDP: rcon with its bad-password answer, answers in several datagrams, getinfo."""
    password = "rconpw"

    def __init__(self, port=0):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", port))
        self.port = self.sock.getsockname()[1]
        self.refused = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        mark = b"\xff\xff\xff\xff"
        while True:
            try:
                data, who = self.sock.recvfrom(65536)
            except OSError:
                return
            words = data[4:].split(b" ", 2)
            if words[0] == b"getinfo":
                self.sock.sendto(mark + b"infoResponse\n\\challenge\\" + words[1] + b"\\hostname\\gk", who)
            elif words[0] == b"rcon" and words[1] != f'"{self.password}"'.encode():
                self.refused += 1
                self.sock.sendto(mark + b"print\nBad rconpassword.\n", who)
            elif words[0] == b"rcon":
                if words[2].startswith(b"lost"):
                    continue
                if words[2].startswith(b"echo "):
                    self.sock.sendto(mark + b"print\n" + words[2][5:] + b" \n", who)
                    continue
                self.sock.sendto(b"garbage without a mark", who)
                self.sock.sendto(mark + b"print\n^1red ^7" + words[2], who)
                self.sock.sendto(mark + b"print\n continued\nlast\n", who)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def settings(self, name, **more):
        return {"name": name, "kind": "quake3", "host": "127.0.0.1", "port": self.port,
                "password": self.password, **more}
