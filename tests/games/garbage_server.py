"""garbage_server.py: servers that pour out what is no protocol, as fast as it is read, until somebody
hangs up. A process of its own, so that it takes no time of whoever measures. Prints its ports, and for
each line of its input how many bytes went out."""
import os
import sys

sys.dont_write_bytecode = True
from fakes import FakeServer  # noqa: E402


class Garbage(FakeServer):
    sent = 0

    def talk(self, connection):
        junk = os.urandom(65536) + b"\r\n" + b"\xff\xfd\x18" * 100
        while True:
            connection.sendall(junk)
            self.sent += len(junk)


def main():
    servers = [Garbage() for _ in range(int(sys.argv[1]))]
    print(*(server.port for server in servers), flush=True)
    for _ in sys.stdin:
        print(sum(server.sent for server in servers), flush=True)


if __name__ == "__main__":
    main()
