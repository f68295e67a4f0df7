"""ed25519.py: signs as RFC 8032 says, so that tests can forge tokens behind a right signature.

Standard library only, slow (10 ms a signature), never for secrets.
"""
import base64
import hashlib
import json

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    out = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            out = add(out, point)
        point, scalar = add(point, point), scalar >> 1
    return out


def encode(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


def key_pair(seed):
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ~7 & ~(1 << 255) | 1 << 254
    return scalar, digest[32:], encode(multiply(scalar, BASE))


def sign(seed, message):
    scalar, prefix, public = key_pair(seed)
    nonce = number(prefix, message)
    point = encode(multiply(nonce, BASE))
    return point + ((nonce + number(point, public, message) * scalar) % L).to_bytes(32, "little")


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims_of(token):
    return json.loads(from_base64url(token.split(".")[1]))


def signing_seed(key_file):
    """The seed that the daemon signs access tokens with, from its key file."""
    master = bytes.fromhex(key_file.read_text().strip())
    return hashlib.blake2b(b"access-token", key=master, digest_size=32).digest()


def resigned(token, seed, **changes):
    """`token` with other claims and a signature by `seed`."""
    head = token.split(".")[0]
    text = head + "." + base64url(json.dumps({**claims_of(token), **changes}).encode())
    return text + "." + base64url(sign(seed, text.encode()))
