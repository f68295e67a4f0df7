#!/usr/bin/env python3
"""tutorial_test.py: does what docs/tutorial.md says, command by command, with a real Teeworlds server.
Exit code 77: no Teeworlds here."""
import pathlib
import re
import socket
import sys

sys.dont_write_bytecode = True
from shell_page import ROOT, blocks, run_page  # noqa: E402


def main():
    if not pathlib.Path("/usr/games/teeworlds-server").exists():
        print("skipped: teeworlds-server is not installed")
        sys.exit(77)
    text = (ROOT / "docs/tutorial.md").read_text()
    page = blocks(text)
    assert len(page) >= 10 and sum(1 for _, promised in page if promised) >= 2, page
    output = run_page(text, [("8303", socket.SOCK_DGRAM), ("8304", socket.SOCK_STREAM),
                             ("5000", socket.SOCK_STREAM)])
    for what in ("> say Lunch in 3", "hello ended", "is dangerous",
                 "on_cancel > say Sorry for the noise"):
        assert what in output, (what, output)
    assert re.search(r"T0[23]:00:00\.000Z", output), output  # 4:00 in Berlin, summer or winter
    assert output.count("ready") >= 2, output  # the server lived through the rude macro
    print(f"ok: {len(page)} blocks of the tutorial")


if __name__ == "__main__":
    main()
