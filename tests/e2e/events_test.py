"""Server-sent events, and what WebSocket and stream have in common: replay, gaps, commands, ends."""
import http.client
import json
import unittest

from gk import DEADLINE, Browser, Daemon, WebSocket, wait_for


class Stream:
    """A client of GET /events: events as (name, id, data) tuples."""

    def __init__(self, browser, query, headers=None):
        headers = dict(headers or {}, Host=f"127.0.0.1:{browser.daemon.port}")
        if browser.cookie:
            headers["Cookie"] = browser.cookie
        if browser.bearer:
            headers["Authorization"] = f"Bearer {browser.bearer}"
        self.connection = browser.connection()
        self.connection.request("GET", "/api/v1/events?" + query, headers=headers)
        self.response = self.connection.getresponse()
        self.status = self.response.status

    def next(self, name=None):
        while True:
            event = {}
            while True:
                line = self.response.readline().decode()
                if line == "":
                    raise ConnectionError("ended")
                if line == "\n":
                    break
                key, _, value = line.rstrip("\n").partition(": ")
                event[key] = value
            if "event" in event and name in (None, event["event"]):
                return event["event"], event.get("id"), json.loads(event["data"])

    def close(self):
        self.response.close()
        self.connection.close()


def change(daemon, name):
    """Makes an event that admins hear of: the configuration changes."""
    etag = daemon.admin.get("/api/config").headers["ETag"]
    answer = daemon.admin.ask("PUT", "/api/config", {"text": f"# {name}\n"}, headers={"If-Match": etag})
    assert answer.status == 200, answer


class Events(unittest.TestCase):
    def test_events_come_with_ids_and_a_client_that_comes_back_misses_none(self):
        with Daemon() as daemon:
            stream = Stream(daemon.admin, "topics=config:changed,metric:sample")
            self.assertEqual((stream.status, stream.response.headers["Content-Type"]), (200, "text/event-stream"))
            self.assertEqual(stream.response.headers["Cache-Control"], "no-store")
            self.assertTrue(stream.response.headers["X-Correlation-Id"])
            self.assertEqual(stream.next("metric:sample")[2]["topic"], "metric:sample")
            change(daemon, "one")
            name, at, data = stream.next("config:changed")
            self.assertEqual((data["seq"], data["data"]["revision"]), (1, 2))
            stream.close()
            wait_for("the stream to be gone", lambda: self.clients(daemon) == 0)
            change(daemon, "two")
            change(daemon, "three")
            again = Stream(daemon.admin, "topics=config:changed,metric:sample", {"Last-Event-ID": at})
            self.assertEqual([again.next("config:changed")[2]["seq"] for _ in range(2)], [2, 3])
            change(daemon, "four")
            self.assertEqual(again.next("config:changed")[2]["seq"], 4)
            again.close()
            by_query = Stream(daemon.admin, f"topics=config:changed,metric:sample&since={at}")
            self.assertEqual(by_query.next("config:changed")[2]["seq"], 2)
            by_query.close()

    def clients(self, daemon):
        text = daemon.admin.get("/api/metrics/prometheus").body.decode()
        return float(next(line for line in text.splitlines()
                          if line.startswith("gamekeeper_event_stream_clients ")).split()[1])

    def test_what_is_lost_is_told_as_a_gap(self):
        with Daemon() as daemon:
            stream = Stream(daemon.admin, "topics=config:changed")
            change(daemon, "one")
            _, at, _ = stream.next("config:changed")
            stream.close()
            elsewhere = "zzz." + at.partition(".")[2]
            again = Stream(daemon.admin, "topics=config:changed", {"Last-Event-ID": elsewhere})
            self.assertEqual(again.next(), ("gap", None, {"type": "gap", "topic": "config:changed",
                                                         "from": 1, "to": 1}))
            again.close()

    def test_topics_need_their_scopes_and_ids_must_fit(self):
        with Daemon() as daemon:
            viewer = daemon.add_user("eve", "viewer")
            for who, query, status in ((daemon.anonymous(), "topics=metric:sample", 401),
                                       (viewer, "topics=config:changed", 403),
                                       (viewer, "topics=metric:sample,config:changed", 403),
                                       (viewer, "topics=nothing", 404), (viewer, "", 400), (viewer, "topics=,", 400),
                                       (viewer, "topics=metric:sample&since=1", 400),
                                       (viewer, "topics=metric:sample&since=e.x", 400),
                                       (viewer, "topics=metric:sample&since=e.1.2", 400)):
                self.assertEqual(who.get("/api/events?" + query).status, status, query)
            stream = Stream(viewer, "topics=metric:sample")
            self.assertEqual(stream.next()[0], "metric:sample")
            stream.close()

    def test_a_stream_ends_with_its_session_and_says_so(self):
        with Daemon() as daemon:
            daemon.add_user("ann", "user")
            login = daemon.token_login("ann")
            user = Browser(daemon, bearer=login["access_token"])
            stream = Stream(user, "topics=heartbeat,metric:sample")
            stream.next()
            self.assertEqual(user.post("/api/auth/logout").status, 204)
            self.assertEqual(stream.next("close")[2], {"code": 4401, "reason": "session ended"})
            with self.assertRaises(ConnectionError):
                stream.next()

    def test_a_stream_and_the_daemon_end_together(self):
        with Daemon() as daemon:
            stream = Stream(daemon.admin, "topics=metric:sample")
            stream.next()
            daemon.signal(15)
            self.assertEqual(stream.next("close")[2]["code"], 1001)
            self.assertEqual(daemon.process.wait(10), 0)


class Sockets(unittest.TestCase):
    def test_a_socket_goes_on_where_it_was(self):
        with Daemon() as daemon:
            socket = WebSocket(daemon.admin)
            socket.subscribe("config:changed")
            ack = socket.wait_type("ack")
            change(daemon, "one")
            self.assertEqual(socket.wait_type("config:changed")["seq"], 1)
            socket.close()
            change(daemon, "two")
            again = WebSocket(daemon.admin)
            again.send({"op": "subscribe", "topics": ["config:changed"], "since": {"config:changed": 1},
                        "epoch": ack["epoch"], "id": 2})
            self.assertEqual(again.wait_type("config:changed")["seq"], 2)
            again.send({"op": "subscribe", "topics": ["config:changed"], "since": {"config:changed": 1},
                        "epoch": "elsewhere", "id": 3})
            gap = again.wait_type("gap")
            self.assertEqual((gap["from"], gap["to"]), (1, 2))
            again.close()

    def test_commands_over_the_socket_are_those_of_the_route(self):
        with Daemon() as daemon:
            viewer = daemon.add_user("eve", "viewer")
            command = {"type": "diagnostics", "action": "run"}
            socket = WebSocket(daemon.admin)
            socket.send({"op": "command", "id": 1, "command": command, "idempotency_key": "k"})
            first = socket.wait_type("ack")
            self.assertEqual((first["id"], first["status"]), (1, 202))
            self.assertEqual(daemon.admin.get(f"/api/commands/{first['data']['command_id']}").status, 200)
            socket.send({"op": "command", "id": 2, "command": command, "idempotency_key": "k"})
            self.assertEqual(socket.wait_type("ack")["data"]["command_id"], first["data"]["command_id"])
            socket.send({"op": "command", "id": 3, "command": {"type": "nonsense"}})
            wrong = socket.wait_type("error")
            self.assertEqual((wrong["id"], wrong["status"], wrong["problem"]["type"]), (3, 400, "validation"))
            socket.close()
            theirs = WebSocket(viewer)
            theirs.send({"op": "command", "id": 1, "command": command})
            self.assertEqual(theirs.wait_type("error")["status"], 403)
            theirs.close()


if __name__ == "__main__":
    unittest.main()
