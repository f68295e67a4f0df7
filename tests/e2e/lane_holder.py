"""lane_holder.py: a process that holds a lane again and again, until it is killed.

Usage: lane_holder.py LANES_SOCKET RESOURCE_SOCKET LANE THREADS lock|none SEED
It tells the resource when it is inside and out, and asks it for each act. With `none` it does not
ask for the lane: the oracle must see that.
"""
import json
import pathlib
import random
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "examples" / "python"))
from gamekeeper_lanes import LaneError, PacketMutex  # noqa: E402


def work(lanes, resource_path, lane, number, mode, seed):
    chance = random.Random(seed)
    resource = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    resource.connect(resource_path)

    def tell(what, token):
        resource.send(json.dumps([what, token, number]).encode())
        return resource.recv(16) == b"1"

    mutex = PacketMutex(("fisher", "trainer", "stacker", "eater")[number % 4], lane=lane, timeout=30, path=lanes)
    count = seed * 1_000_000
    while True:
        try:
            if mode == "lock":
                token = mutex.acquire()
            else:
                count += 1
                token = count
            tell("in", token)
            for _ in range(chance.randrange(1, 6)):
                time.sleep(chance.random() * 0.004)
                if not tell("act", token):
                    break
            tell("out", token)
            if mode == "lock":
                mutex.release()
        except LaneError:
            mutex.token = None


def main():
    lanes, resource, lane, threads, mode, seed = sys.argv[1:]
    for i in range(int(threads)):
        threading.Thread(target=work, args=(lanes, resource, lane, i, mode, int(seed) * 10 + i)).start()


if __name__ == "__main__":
    main()
