"""Naughty strings in every field that takes text: read back byte for byte or refused.

The same check judges stores that "help" (normalise, trim, escape, cut); each must be complained
about. What the pages make of them: abuse_pages_test.py.
"""
import html
import json
import re
import unicodedata
import unittest

from gk import PASSWORD, Daemon, wait_for

NAUGHTY = [
    "<script>window.pwned=1</script>", "<img src=x onerror=window.pwned=1>", "\"><svg/onload=window.pwned=1>", "'-window.pwned--'",
    "javascript:window.pwned=1", "{{7*7}} ${7*7} #{7*7} %{7}", "&lt;b&gt; &amp; &#60;", "<!--", "]]>", "</textarea></style></title>",
    "'; DROP TABLE users; --", "1; SELECT pg_sleep(9)", "$(reboot) `reboot` | reboot", "%s%n%x %d", "%00%0a", "../../etc/passwd",
    "Ω≈ç√∫˜µ≤", "ｆｕｌｌｗｉｄｔｈ", "田中さんにあげて下さい", "مرحبا بالعالم", "\u202etxt.exe", "a\u2066b\u2069c", "out\u2069\u202eturned", "שלום abc שלום",
    "\U0001F469\u200d\U0001F469\u200d\U0001F467\u200d\U0001F466 \U0001F1E9\U0001F1EA", "\U00020000\U0010FFFD", "e\u0301", "é", "\u0301 alone",
    "Z\u0351\u036b\u0343\u036a\u0302a\u0302l\u0334g\u0315o", "\ufeffmark", "\u200bzero", "\u00a0nbsp\u00a0", "\u2028line\u2029", "\ufffd", "\uffff",
    "tab\there", "two\nlines", "cr\rlf\r\n", "nul\0nul", "esc\x1b[31m red", "bell\x07", "del\x7f", "c1\x9b31m", "null", "undefined", "NaN", "true",
    "1e309", "-0", "0x1F", "٣", "ß İ ı ſ", "trailing ", " leading", "a" * 64, "a" * 200, "é" * 33, "\U0001F600" * 17, "__proto__", "constructor", "CON", ".",
]
# What no free text may refuse: printable, on one line, short.
PLAIN = [t for t in NAUGHTY if t.isprintable() and len(t.encode()) <= 64 and t == t.strip()]


class Field:
    """A place for text: `write` returns (status, body), `read` what is stored now, or None."""

    def __init__(self, name, write, read, free=True):
        self.name, self.write, self.read, self.free = name, write, read, free


def faults(field, texts=NAUGHTY):
    """Texts that came back changed, broke the server, or were refused without need."""
    wrong = []
    for text in texts:
        status, body = field.write(text)
        if status >= 500:
            wrong.append((field.name, text, status))
        elif status < 300:
            found = field.read(text)
            if found != text:
                wrong.append((field.name, text, found))
        elif field.free and text in PLAIN:
            wrong.append((field.name, text, body[:160]))
    return wrong


def sample_subject(admin, get):
    """The subject of a sample. All are sent at the first write: what is told of them is of each second."""
    answers, told = {}, []

    def write(text):
        for one in NAUGHTY if not answers else ():
            answer = admin.post("/api/samples", {"samples": [{"signal": "fps", "value": 60, "subject": one}]})
            # One that is refused is named in an answer of 200.
            answers[one] = 422 if answer.status == 200 and answer.json["accepted"] == 0 else answer.status
        return answers[text], b""

    def read(text):
        if not told:
            count = sum(status == 200 for status in answers.values())
            subjects = wait_for("the subjects", lambda: (lambda all: all if len(all) >= count else None)(
                [one["subject"] for one in get("/api/macro-safety/performance")["subjects"] if one["subject"]]))
            told.extend(subjects)
        return text if text in told else "absent"
    return Field("subject of a sample", write, read, False)


def fields(admin):
    """Every field of the API that keeps text (names of letters and digits: by their refusal, too)."""
    kept = {}

    def ask(method, path, body, **more):
        answer = admin.ask(method, path, body, **more)
        kept["answer"] = answer.json if answer.body[:1] in (b"{", b"[") else None
        return answer.status, answer.body

    def get(path):
        return admin.get(path).json

    def profile(key):
        return Field(f"profile.{key}", lambda t: ask("POST", "/api/macro-safety/profiles", {"macro_id": f"p-{key}", "name": "n", key: t})
                     if admin.get(f"/api/macro-safety/profiles/p-{key}").status == 404 else
                     ask("PUT", f"/api/macro-safety/profiles/p-{key}", {key: t}), lambda t: get(f"/api/macro-safety/profiles/p-{key}")[key])

    def started(t):
        admin.post("/api/macro-safety/stop/ext")
        return ask("POST", "/api/macro-safety/start", {"macro_id": "ext", "macro_name": t})

    def commented(t):
        kept["n"] = kept.get("n", 0) + 1
        while True:
            answer = ask("PATCH", "/api/config", {"set": {"monitor.interval_s": 1 + kept["n"] / 100}, "comment": t},
                         headers={"If-Match": admin.get("/api/config").headers["ETag"]})
            if answer[0] != 412:  # The daemon reads its own change, too.
                return answer

    def open_review():  # Of a player who runs four times as fast as anybody can; a note that was refused leaves one open.
        kept["cheats"] = kept.get("cheats", 0) + 1
        items = [{"player": f"runner{kept['cheats']}", "seq": i, "client_ms": 50 * i, "server_ms": 50 * i, "x": 2 * i, "y": 0} for i in range(1, 601)]
        found = []
        for begin in (0, 300) if not get("/api/movement/review?state=open")["items"] else ():
            assert admin.post("/api/movement/validate", {"items": items[begin:begin + 300], "session": {"max_speed": 5}}).status == 200
        wait_for("a review", lambda: found.extend(get("/api/movement/review?state=open")["items"]) or found)
        kept["review"] = found[0]["id"]
        return kept["review"]

    def with_new(path, body, key):
        return lambda t: ask("POST", path, {**body, key: t})

    def token_name(t):
        made = kept["answer"]["id"]
        name = next(x["name"] for x in get("/api/auth/tokens")["items"] if x["id"] == made)
        admin.ask("DELETE", f"/api/auth/tokens/{made}")
        return name

    def answered(key):  # User names are kept in lower case.
        return lambda t: t if key == "username" and kept["answer"][key] == t.lower() else kept["answer"][key]

    yield Field("preferences, a value", lambda t: ask("PUT", "/api/auth/preferences", {"k": t}), lambda t: get("/api/auth/preferences")["k"])
    yield Field("preferences, a key", lambda t: ask("PUT", "/api/auth/preferences", {t: 1}), lambda t: next(iter(get("/api/auth/preferences"))), False)
    yield Field("API token", with_new("/api/auth/tokens", {"scopes": ["macros:read"]}, "name"), token_name)
    yield from (profile(key) for key in ("name", "category", "description"))
    yield Field("macro_name of a start", started, lambda t: next(m["macro_name"] for m in get("/api/macro-safety/active-macros")["items"]))
    yield Field("mode.description", lambda t: ask("PUT", "/api/modes/farm", {"description": t, "macros": [{"macro_id": "x"}]}),
                lambda t: get("/api/modes/farm")["description"])
    yield Field("mode.macro_name", lambda t: ask("PUT", "/api/modes/farm", {"macros": [{"macro_id": "x", "macro_name": t}]}),
                lambda t: get("/api/modes/farm")["macros"][0]["macro_name"])
    yield Field("session.character_name", with_new("/api/sessions", {}, "character_name"), lambda t: get("/api/sessions/" + kept["answer"]["id"])["character_name"])
    yield Field("command.character_name", with_new("/api/commands", {"type": "session", "action": "start"}, "character_name"),
                lambda t: get("/api/commands/" + kept["answer"]["command_id"])["request"]["character_name"])
    yield Field("script.source", lambda t: ask("PUT", "/api/macro-scripts/talk", {"kind": "lua", "source": "-- [==[" + t + "]==]"}),
                lambda t: get("/api/macro-scripts/talk")["source"][7:-4], False)
    window = {"cron": "0 4 * * *", "time_zone": "UTC", "duration_s": 60, "max_duration": 60}
    ask("POST", "/api/macro-safety/profiles", {"macro_id": "p-window", "name": "n"})
    yield Field("profile.windows.name", lambda t: ask("PATCH", "/api/macro-safety/profiles/p-window", {"windows": [{**window, "name": t}]}),
                lambda t: get("/api/macro-safety/profiles/p-window")["windows"][0]["name"], False)
    yield Field("script.args, a value", lambda t: ask("PUT", "/api/macro-scripts/argued", {"kind": "lua", "source": "-- name: argued", "args": {"k": t}}),
                lambda t: get("/api/macro-scripts/argued")["args"]["k"])
    yield Field("mode.settings, a value", lambda t: ask("PUT", "/api/modes/set", {"settings": {"k": t}, "macros": [{"macro_id": "x"}]}),
                lambda t: get("/api/modes/set")["settings"]["k"])
    yield Field("mode.args, a value", lambda t: ask("PUT", "/api/modes/args", {"macros": [{"macro_id": "x", "args": {"k": t}}]}),
                lambda t: get("/api/modes/args")["macros"][0]["args"]["k"])
    yield Field("game.options.say", lambda t: ask("PUT", "/api/games/talks", {"kind": "mud", "host": "127.0.0.1", "port": 9, "enabled": False,
                                                                              "options": {"say": t + " {text}"}}),
                lambda t: get("/api/games/talks")["options"]["say"].removesuffix(" {text}"), False)
    ask("PUT", "/api/lock-modules/healer", {"priority": 5})
    ask("PUT", "/api/locks/hero", {})

    def revoked(t):
        admin.post("/api/locks/hero/acquire", {"actor": "healer"})
        return ask("POST", "/api/locks/hero/revoke", {"reason": t})
    yield Field("reason of a revoked lane", revoked, lambda t: get("/api/audit?action=lane.revoke&limit=1")["items"][0]["after"]["reason"], False)
    yield sample_subject(admin, get)
    yield Field("note of a review", lambda t: ask("POST", f"/api/movement/review/{open_review()}/dismiss", {"note": t}),
                lambda t: next(r["note"] for r in get("/api/movement/review?limit=1000")["items"] if r["id"] == kept["review"]))
    yield Field("config comment", commented, lambda t: get("/api/config/revisions")["items"][0]["comment"])
    yield Field("game.allow", lambda t: ask("PUT", "/api/games/mud", {"kind": "mud", "host": "127.0.0.1", "port": 9, "enabled": False, "allow": [t]}),
                lambda t: get("/api/games/mud")["allow"][0], False)
    yield Field("receiver.command", lambda t: ask("PUT", "/api/notices/receivers/hook", {"kind": "game", "game": "mud", "command": "say {text} " + t}),
                lambda t: get("/api/notices/receivers/hook")["command"][11:], False)
    yield Field("task graph", with_new("/api/task-graphs", {"tasks": [{"id": "a", "action": {"type": "sleep", "seconds": 0}}]}, "name"),
                lambda t: kept["answer"]["name"], False)
    yield Field("player", lambda t: ask("POST", "/api/movement/validate", {"items": [{"player": t, "seq": 1, "client_ms": 50, "server_ms": 50, "x": 0, "y": 0}]}),
                lambda t: next((p["player"] for p in get("/api/movement/players?limit=1000")["items"] if p["player"] == t), "absent"), False)
    # Names of a-z, 0-9, _ and -: what is taken comes back as it was (a user's in lower case).
    for name, path, body, key in (("user", "/api/users", {"password": PASSWORD, "role": "viewer"}, "username"),
                                  ("profile.macro_id", "/api/macro-safety/profiles", {"name": "n"}, "macro_id"),
                                  ("session.mode", "/api/sessions", {"character_name": "x"}, "mode"),
                                  ("game.name", "/api/games", {"kind": "mud", "host": "127.0.0.1", "port": 9, "enabled": False}, "name"),
                                  ("receiver.name", "/api/notices/receivers", {"kind": "game", "game": "mud"}, "name")):
        yield Field(name, with_new(path, body, key), answered(key), False)


class HelpfulStore:
    def __init__(self, change):
        self.change, self.kept = change, None

    def write(self, text):
        self.kept = self.change(text)
        return 200, b""


HELP = {"normalises": lambda t: unicodedata.normalize("NFC", t), "decomposes": lambda t: unicodedata.normalize("NFKD", t),
        "trims": str.strip, "escapes HTML": html.escape, "unescapes HTML": html.unescape, "ends at NUL": lambda t: t.partition("\0")[0],
        "cuts at 50": lambda t: t[:50], "cuts bytes": lambda t: t.encode()[:64].decode(errors="ignore"), "one line": lambda t: " ".join(t.splitlines()),
        "line ends of another system": lambda t: t.replace("\r\n", "\n"), "drops what is beyond 16 bits": lambda t: "".join(c for c in t if ord(c) < 65536),
        "drops controls": lambda t: "".join(c for c in t if c >= " "), "drops marks": lambda t: t.replace("\ufeff", ""), "numbers": lambda t: repr(float(t)) if
        t.replace("e", "").replace("-", "").isdigit() and t.isascii() else t, "lower case": str.lower, "strips direction": lambda t: t.replace("\u202e", "")}


class RoundTrip(unittest.TestCase):
    def test_every_field_keeps_a_text_byte_for_byte_or_refuses_it(self):
        with Daemon() as daemon:
            wrong, count = [], 0
            for field in fields(daemon.admin):
                wrong += faults(field)
                count += 1
            self.assertEqual(wrong, [])
            daemon.stop()
            daemon.start()
            self.assertEqual(daemon.admin.get("/api/auth/preferences").status, 200)
            print(f"{count} fields, {len(NAUGHTY)} texts")
            self.logs_are_lines(daemon)

    def logs_are_lines(self, daemon):
        """No text broke out of its line, and none reaches a terminal as a control."""
        text = (daemon.data / "logs" / "gamekeeper.log").read_bytes().decode()
        lines = text.rpartition("\n")[0].split("\n")
        for line in lines:
            self.assertIsInstance(json.loads(line), dict)
        for output in [text, *("".join(daemon.lines).split("\n"))] + [
                daemon.cli(*verb).stdout for verb in (("session", "list"), ("mode", "list"), ("macro", "list"), ("profile", "list"),
                                                      ("command", "history"), ("logs",), ("game", "list"), ("token", "list", "admin"))]:
            self.assertNotRegex(output, "[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")

    def test_a_store_that_helps_is_noticed(self):
        for name, change in HELP.items():
            store = HelpfulStore(change)
            with self.subTest(name):
                self.assertNotEqual(faults(Field(name, store.write, lambda t: store.kept)), [])
        self.assertEqual(faults(Field("plain", *(lambda s: (s.write, lambda t: s.kept))(HelpfulStore(str)))), [])


# What no terminal may get from a text of people: controls, and marks that turn the line.
CONTROLS = "[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
TURNING = ["\u202etxt.exe", "out\u2069\u202eturned", "esc\x1b[31m red", "two\nlines", "c1\x9b31m"]


def strings_in(value):
    """All texts of an answer, by line."""
    if isinstance(value, str):
        yield from value.split("\n")
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings_in(item)


class Terminal(unittest.TestCase):
    """Lists of the command line, each of which has a text that would turn or colour the terminal."""

    def fill(self, admin):
        for n, text in enumerate(TURNING):
            for path, body in (("macro-safety/profiles", {"macro_id": f"p{n}", "name": text, "category": text, "description": text}),
                               ("macro-safety/start", {"macro_id": f"m{n}", "macro_name": text}), ("sessions", {"character_name": text}),
                               ("auth/tokens", {"name": text, "scopes": ["macros:read"]}), ("roles", {"name": text, "scopes": []}),
                               ("movement/validate", {"items": [{"player": text, "seq": 1, "client_ms": 50, "server_ms": 50, "x": 0, "y": 0}]}),
                               ("task-graphs", {"name": text, "tasks": [{"id": "a", "action": {"type": "sleep", "seconds": 0}}]})):
                admin.post(f"/api/{path}", body)
            admin.ask("PUT", f"/api/modes/m{n}", {"description": text, "macros": [{"macro_id": "x", "macro_name": text}]})
            admin.ask("PUT", f"/api/lock-modules/m{n}", {"group": text, "priority": 9})
            admin.ask("PUT", f"/api/macro-scripts/s{n}", {"kind": "steps", "steps": {"name": f"s{n}", "description": text, "category": text, "author": text,
                                                                                     "actions": [{"type": "say", "command": "x", "parameters": {"to": "log"}}]}})
            admin.ask("PATCH", "/api/config", {"set": {"monitor.interval_s": 1 + n / 100}, "comment": text},
                      headers={"If-Match": admin.get("/api/config").headers["ETag"]})

    VERBS = (("macro", "list"), ("profile", "list"), ("session", "list"), ("mode", "list"), ("token", "list", "admin"), ("task", "list"),
             ("module", "list"), ("config", "revisions"), ("audit", "list"), ("referee", "players"), ("macro", "cancellations"), ("logs",), ("macro", "trends"),
             ("role", "list"), ("user", "list"), ("lanes",), ("status",), ("referee", "review"))

    @staticmethod
    def careless(daemon, *verb):
        """A command line that prints the texts that it got."""
        done = daemon.cli("--json", *verb)
        lines = done.stdout.splitlines() if verb == ("logs",) else [done.stdout]
        done.stdout = "\n".join(str_of for line in lines if line for str_of in strings_in(json.loads(line)))
        return done

    def faults(self, run):
        """(verbs with a control in what they print, verbs that show one as what it is)"""
        wrong, shown = [], []
        for verb in self.VERBS:
            done = run(*verb)
            if re.search(CONTROLS, done.stdout + done.stderr):
                wrong.append(" ".join(verb))
            if re.search(r"\\u\{202e\}|\\x1b", done.stdout):
                shown.append(" ".join(verb))
        return wrong, shown

    def files(self, daemon):
        """What a file of somebody else holds is complained about as what it is."""
        steps, toml = daemon.data / "steps.json", daemon.data / "other.toml"
        steps.write_text('{"name": "a", "x\u202ey": 1, "actions": [{"type": "\u202e\\u001b[31m"}]}')
        toml.write_text('"x\u202ey" = 1\n')
        for verb, seen in ((("macro", "check", str(steps)), ("x\\u{202e}y", "\\x1b[31m")), (("config", "check", str(toml)), ("x\\u{202e}y",)),
                           (("--socket", "/nowhere/\x1b[31m", "status"), ("\\x1b[31m",))):
            done = daemon.cli(*verb)
            self.assertNotRegex(done.stdout + done.stderr, CONTROLS, verb)
            for text in seen:
                self.assertIn(text, done.stdout + done.stderr)

    def test_no_list_turns_or_colours_the_terminal_and_one_that_does_is_noticed(self):
        with Daemon() as daemon:
            self.fill(daemon.admin)
            wrong, shown = self.faults(daemon.cli)
            self.assertEqual(wrong, [])
            self.assertEqual(self.faults(lambda *verb: daemon.cli("--json", *verb))[0], [])
            self.assertGreater(len(shown), 4, shown)
            for verb in (("session", "start"), ("macro", "start"), ("profile", "show"), ("game", "show"), ("role", "set"), ("config", "set", "log.level")):
                for text in TURNING[:3]:
                    done = daemon.cli(*verb, text)
                    self.assertNotRegex(done.stdout + done.stderr, CONTROLS, verb)
            self.files(daemon)
            noticed, _ = self.faults(lambda *verb: self.careless(daemon, *verb))
            self.assertEqual(set(shown) - set(noticed), set())
            print(f"{len(self.VERBS)} lists, {len(shown)} with an escape; of a careless one {len(noticed)} noticed")


if __name__ == "__main__":
    unittest.main()
