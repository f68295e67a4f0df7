#!/usr/bin/env python3
"""latency_test.py: paths that the operator named are measured, by echo or by TCP connect."""
import pathlib
import re
import socket
import sys
import unittest

sys.dont_write_bytecode = True
from gk import Daemon, wait_for  # noqa: E402


def latency_of(daemon, name):
    """The newest value, or nothing."""
    series = daemon.admin.get(f"/api/metrics/series?name=latency&subject=path:{name}").json
    values = [point["value"] for point in series.get("points", []) if point["value"] is not None]
    return values[-1] if values else None


class Latency(unittest.TestCase):
    def test_named_paths_become_signals_with_their_loss(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            config = f'[monitor]\nlatency_targets = ["self=127.0.0.1:{port}", "gone=127.0.0.1:1"]\n'
            with Daemon(config=config) as daemon:
                value = wait_for("a latency", lambda: latency_of(daemon, "self"), 10)
                self.assertGreater(value, 0)
                self.assertLess(value, 100)
                self.assertIsNone(latency_of(daemon, "another"), "nobody measures it")
                text = daemon.admin.get("/metrics").body.decode()
                losses = dict(re.findall(r'gamekeeper_path_loss_ratio\{target="(\w+)"\} ([\d.]+)', text))
                self.assertEqual(float(losses["self"]), 0)
                # Negative control: where no echo may be sent, nobody takes a connection at port 1.
                if pathlib.Path("/proc/sys/net/ipv4/ping_group_range").read_text().split() == ["1", "0"]:
                    self.assertEqual(float(losses["gone"]), 1)
                    self.assertIsNone(latency_of(daemon, "gone"), "a lost probe is no number")

    def test_a_target_that_cannot_be_measured_is_refused_with_its_line(self):
        with Daemon() as daemon:
            text = '[monitor]\ninterval_s = 1\nlatency_targets = ["far=example.org:80"]\n'
            verdict = daemon.admin.post("/api/config/check", {"text": text}).json
            self.assertFalse(verdict["valid"])
            self.assertEqual(verdict["complaints"][0]["line"], 3)
            self.assertIn("numeric address", verdict["complaints"][0]["message"])


if __name__ == "__main__":
    unittest.main()
