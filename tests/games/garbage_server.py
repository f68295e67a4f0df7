"""garbage_server.py: servers that pour out what is no protocol, as fast as it is read, and hang up
after 13 MB. A process of its own, so that it takes no time of whoever measures. Prints its ports, and
at the end of its input how many bytes went out."""
import os
import sys

sys.dont_write_bytecode = True
from fakes import FakeServer  # noqa: E402


class Garbage(FakeServer):
    sent = 0

    def talk(self, connection):
        junk = os.urandom(65536) + b"\r\n" + b"\xff\xfd\x18" * 100
        for _ in range(200):
            connection.sendall(junk)
            self.sent += len(junk)
        connection.close()


def main():
    servers = [Garbage() for _ in range(int(sys.argv[1]))]
    print(*(server.port for server in servers), flush=True)
    for _ in sys.stdin:
        print(sum(server.sent for server in servers), flush=True)


if __name__ == "__main__":
    main()
