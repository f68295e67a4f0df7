"""The controls of accounts_test.py: forged tokens, parallel refreshes and log-in floods.

Forged tokens are sharp: a verifier that leaves out one check takes exactly the forgeries against
that check. Refreshes and floods are judged by the same functions for the daemon and for a weak peer.
"""
import concurrent.futures
import hashlib
import hmac
import json
import random
import threading
import time
import unittest

import ed25519
from gk import PASSWORD, Browser, Daemon, WebSocket

CHECKS = ("signature", "algorithm", "expiry", "future", "audience", "issuer", "session", "owner", "type")


def forgeries(token, seed):
    """{kind: (the check that it is against, the text)}; all else about each is right."""
    head, payload, signature = token.split(".")
    public, now = ed25519.key_pair(seed)[2], int(time.time())
    claims = ed25519.claims_of(token)

    def again(check, **changes):
        return check, ed25519.resigned(token, seed, **changes)

    def headed(check, header, key=seed):
        text = ed25519.base64url(json.dumps(header, separators=(",", ":")).encode()) + "." + payload
        return check, text + "." + ed25519.base64url(ed25519.sign(key, text.encode()))

    def mac(alg):
        text = ed25519.base64url(json.dumps({"alg": alg, "typ": "at+jwt"}).encode()) + "." + payload
        return "algorithm", text + "." + ed25519.base64url(hmac.new(public, text.encode(), hashlib.sha256).digest())

    other = ed25519.base64url(json.dumps({**claims, "scope": "admin:write"}, separators=(",", ":")).encode())
    none = ed25519.base64url(b'{"alg":"none","typ":"at+jwt"}')
    return {
        "expired a second ago": again("expiry", iat=now - 700, exp=now - 1), "expired in 1970": again("expiry", iat=1, exp=2),
        "from the future": again("future", iat=now + 3600, exp=now + 7200),
        "another audience": again("audience", aud="another"), "no audience": again("audience", aud=None),
        "another issuer": again("issuer", iss="https://evil.example"),
        "a session that is none": again("session", sid="01a2218b-0000-7000-8000-000000000000"),
        "somebody else's subject": again("owner", sub="01a2218b-0000-7000-8000-000000000000"),
        "foreign key": ("signature", ed25519.resigned(token, b"y" * 32)),
        "changed claims": ("signature", f"{head}.{other}.{signature}"),
        "swapped signature": ("signature", f"{head}.{payload}.{ed25519.base64url(bytes(64))}"),
        "alg none, no signature": ("algorithm", f"{none}.{payload}."),
        "alg HS256 by the public key": mac("HS256"), "alg hs256 by the public key": mac("hs256"),
        "another type": headed("type", {"alg": "EdDSA", "typ": "JWT"}),
    }


def weak_verifier(seed, sid, sub, missing):
    """Takes tokens of this session, all checks made but one: the planted bug."""
    public = ed25519.key_pair(seed)[2]

    def takes(text):
        head, payload, signature = text.split(".")
        header = json.loads(ed25519.from_base64url(head))
        claims = json.loads(ed25519.from_base64url(payload))
        signed, now = f"{head}.{payload}".encode(), time.time()
        alg = header["alg"].lower()
        if alg == "eddsa":
            right = missing == "signature" or signature == ed25519.base64url(ed25519.sign(seed, signed))
        elif missing == "algorithm":  # The header says how, and with what.
            right = alg == "none" or signature == ed25519.base64url(hmac.new(public, signed, hashlib.sha256).digest())
        else:
            right = False
        return right and all(check == missing or held for check, held in {
            "expiry": now < claims["exp"], "future": claims["iat"] <= now + 60, "audience": claims["aud"] == "gamekeeper-api",
            "issuer": claims["iss"] == "gamekeeper", "session": claims["sid"] == sid, "owner": claims["sub"] == sub,
            "type": header["typ"] == "at+jwt"}.items())
    return takes


def taken(forged, takes):
    return {kind for kind, (_, text) in forged.items() if takes(text)}


class Forgery(unittest.TestCase):
    def test_the_daemon_takes_no_forgery_and_each_is_against_one_check(self):
        with Daemon() as daemon:
            token = daemon.token_login("admin")["access_token"]
            seed = ed25519.signing_seed(daemon.data / "accounts.key")
            claims, forged = ed25519.claims_of(token), forgeries(token, seed)
            self.assertEqual((claims["aud"], claims["iss"]), ("gamekeeper-api", "gamekeeper"), "as the weak verifier expects")
            self.assertEqual(taken(forged, lambda t: Browser(daemon, bearer=t).get("/api/users").status != 401), set())
            self.assertEqual(taken(forged, lambda t: WebSocket(Browser(daemon, bearer=t)).status != 401), set())
            verify = lambda t: daemon.anonymous().post("/api/auth/verify", {"token": t})
            self.assertEqual(taken(forged, lambda t: verify(t).json["active"]), set())
            self.assertEqual(Browser(daemon, bearer=token).get("/api/users").status, 200)
            for missing in CHECKS:
                with self.subTest(missing=missing):
                    weak = weak_verifier(seed, claims["sid"], claims["sub"], missing)
                    self.assertEqual(taken(forged, weak), {k for k, (check, _) in forged.items() if check == missing})
                    self.assertTrue(weak(token))


def successors(refresh, token, count=50):
    """What `count` simultaneous refreshes of one token bring: (statuses, different successors)."""
    together = threading.Barrier(count)

    def one(_):
        together.wait()
        return refresh(token)

    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        answers = list(pool.map(one, range(count)))
    return {status for status, _ in answers}, {token for _, token in answers if token}


class WeakRefresh:
    """Looks whether a token was used, then notes that it is: two steps."""

    def __init__(self):
        self.used, self.chance = {}, random.Random(1)

    def __call__(self, token):
        if token not in self.used:
            time.sleep(0.005)  # the disk
            self.used[token] = f"{token}-{self.chance.random()}"
            return 200, self.used[token]
        return 200, self.used[token]


class Refresh(unittest.TestCase):
    def test_fifty_at_once_get_one_successor_five_times_over(self):
        with Daemon() as daemon:
            for number in range(5):
                def refresh(token, source=f"127.0.5.{1 + number}"):
                    answer = Browser(daemon, source=source).post("/api/auth/refresh", {"refresh_token": token})
                    return answer.status, answer.json.get("refresh_token")
                # A log-in and an address each: refreshes are limited by both.
                statuses, found = successors(refresh, daemon.token_login("admin")["refresh_token"])
                self.assertEqual((number, statuses, len(found)), (number, {200}, 1))
            self.assertEqual(daemon.admin.get("/api/audit?action=auth.refresh_reused").json["items"], [])

    def test_a_claim_in_two_steps_is_noticed(self):
        _, found = successors(WeakRefresh(), "first")
        self.assertGreater(len(found), 1)


def flood(login, attackers):
    """Complaints about how log-ins bear a flood of wrong passwords from `attackers`."""
    wrong = []
    assert login("127.0.0.9", "bob", PASSWORD) == 200  # bob's own machine, known from before
    refused = [login(attackers[i % len(attackers)], "bob", f"a wrong pass phrase {i}") for i in range(80)]
    if refused.count(429) < 40:
        wrong.append("the flood is not slowed down")
    if 200 in refused:
        wrong.append("a wrong password is taken")
    if login("127.0.0.9", "bob", PASSWORD) != 200:
        wrong.append("the owner is locked out where they logged in before")
    if login("127.0.0.8", "ann", PASSWORD) != 200:
        wrong.append("another user is locked out")
    return wrong


class WeakLogin:
    """Counts failures by `key(source, user)` only, or not at all."""

    def __init__(self, key):
        self.key, self.failures = key, {}

    def __call__(self, source, user, password):
        key = self.key(source, user)
        if key is not None and self.failures.get(key, 0) >= 10:
            return 429
        if password == PASSWORD:
            return 200
        self.failures[key] = self.failures.get(key, 0) + 1
        return 401


ONE, MANY = ["127.0.0.66"], [f"127.0.3.{i}" for i in range(1, 41)]


class Floods(unittest.TestCase):
    def test_a_flood_is_slowed_down_and_locks_nobody_else_out(self):
        for attackers in (ONE, MANY):
            with self.subTest(addresses=len(attackers)), Daemon() as daemon:
                daemon.add_user("bob", "viewer")
                daemon.add_user("ann", "viewer")
                began = time.monotonic()
                self.assertEqual(flood(lambda source, user, password: Browser(daemon, source=source).login(user, password).status,
                                       attackers), [])
                print(f"80 wrong log-ins from {len(attackers)} addresses: {time.monotonic() - began:.1f} s")

    def test_weak_limits_are_noticed(self):
        for key, attackers, complaints in (
                (lambda source, user: None, ONE, ["the flood is not slowed down"]),
                (lambda source, user: source, MANY, ["the flood is not slowed down"]),
                (lambda source, user: "all", ONE, ["the owner is locked out where they logged in before", "another user is locked out"]),
                (lambda source, user: user, ONE, ["the owner is locked out where they logged in before"])):
            self.assertEqual(flood(WeakLogin(key), attackers), complaints)


if __name__ == "__main__":
    unittest.main()
