"""Public halves and key files: ed25519 (RFC 8032) and RSA, from a draw.

Standard library only: a few keys a run need no speed, and a crypto library gives no keys from a
seed. Never for anything that must stay secret: nothing here runs in constant time.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from dataclasses import dataclass

from sandbox.bait.draw import Draw

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_Y = 4 * pow(5, -1, _P) % _P
_SMALL = tuple(n for n in range(3, 4000, 2) if all(n % k for k in range(3, int(n**0.5) + 1, 2)))
_Point = tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z


def _recover_x(y: int) -> int:
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    return x if x % 2 == 0 else _P - x


_X = _recover_x(_Y)
_BASE: _Point = (_X, _Y, 1, _X * _Y % _P)


def _add(one: _Point, two: _Point) -> _Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % _P
    b = (one[1] + one[0]) * (two[1] + two[0]) % _P
    c = 2 * one[3] * two[3] * _D % _P
    d = 2 * one[2] * two[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def ed25519_public(seed: bytes) -> bytes:
    """The public key, 32 bytes, of a private seed."""
    scalar = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    scalar = (scalar & (2**254 - 8)) | 2**254
    point, power = (0, 1, 1, 0), _BASE
    while scalar:
        if scalar & 1:
            point = _add(point, power)
        power, scalar = _add(power, power), scalar >> 1
    inverse = pow(point[2], -1, _P)
    x, y = point[0] * inverse % _P, point[1] * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


@functools.lru_cache(maxsize=64)
def prime(draw: Draw, label: str, bits: int) -> int:
    """A prime with its two upper bits set, fit for RSA with the exponent 65537."""
    start = draw.number(label, 3 << (bits - 2), (1 << bits) - 65536) | 1
    remainders = [(small, start % small) for small in _SMALL]
    for step in range(0, 65536, 2):
        if all((rest + step) % small for small, rest in remainders):
            number = start + step
            if pow(2, number - 1, number) == 1 and number % 65537 != 1:
                return number
    raise AssertionError("no prime in a range that must hold dozens")


@dataclass(frozen=True, slots=True)
class RsaKey:
    """An RSA key of 2048 bits."""

    p: int
    q: int

    @property
    def numbers(self) -> tuple[int, ...]:
        """What PKCS #1 asks for: n, e, d, p, q, d mod p-1, d mod q-1, 1/q mod p."""
        p, q, e = self.p, self.q, 65537
        d = pow(e, -1, (p - 1) * (q - 1))
        return (p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))


def rsa_key(draw: Draw, name: str) -> RsaKey:
    """The key of that name; one prime of each run is shared, since finding one takes a while."""
    one, two = prime(draw, "shared", 1024), prime(draw, name, 1024)
    return RsaKey(max(one, two), min(one, two))


def _der(tag: int, data: bytes) -> bytes:
    size = len(data)
    if size < 128:
        return bytes((tag, size)) + data
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 128 | len(length))) + length + data


def _der_number(number: int) -> bytes:
    return _der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def pkcs1(key: RsaKey) -> bytes:
    """RSAPrivateKey of RFC 8017."""
    return _der(0x30, b"".join(map(_der_number, (0, *key.numbers))))


def pkcs8(key: RsaKey) -> bytes:
    """PrivateKeyInfo of RFC 5208."""
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    return _der(0x30, _der_number(0) + algorithm + _der(4, pkcs1(key)))


def pem(label: str, data: bytes, width: int) -> str:
    """The text form of key files."""
    text = base64.b64encode(data).decode()
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def _ssh(*fields: bytes) -> bytes:
    return b"".join(len(one).to_bytes(4, "big") + one for one in fields)


def ecdsa(scalar: int) -> bytes:
    """ECPrivateKey of RFC 5915 on the curve P-256."""
    prime_field = 2**256 - 2**224 + 2**192 + 2**96 - 1
    base = (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    )
    point: tuple[int, int] = base
    for bit in f"{scalar:b}"[1:]:
        point = _chord(point, point, prime_field)
        point = _chord(point, base, prime_field) if bit == "1" else point
    public = b"\0\4" + b"".join(one.to_bytes(32, "big") for one in point)
    curve = _der(0xA0, bytes.fromhex("06082a8648ce3d030107"))
    secret = _der(4, scalar.to_bytes(32, "big"))
    return _der(0x30, _der_number(1) + secret + curve + _der(0xA1, _der(3, public)))


def _chord(one: tuple[int, int], two: tuple[int, int], field: int) -> tuple[int, int]:
    """The sum of two points of a curve with a = -3; never of opposite ones."""
    if one == two:
        slope = (3 * one[0] * one[0] - 3) * pow(2 * one[1], -1, field)
    else:
        slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, field)
    x = (slope * slope - one[0] - two[0]) % field
    return x, (slope * (one[0] - x) - one[1]) % field


def pgp_secret(seed: bytes, created_s: int) -> bytes:
    """A secret key packet of OpenPGP (version 4, Ed25519, no passphrase)."""
    curve = bytes.fromhex("092b06010401da470f01")
    public = b"\4" + created_s.to_bytes(4, "big") + b"\x16" + curve
    public += (263).to_bytes(2, "big") + b"\x40" + ed25519_public(seed)
    number = seed.lstrip(b"\0")
    bits = int.from_bytes(seed, "big").bit_length().to_bytes(2, "big") + number
    body = public + b"\0" + bits + (sum(bits) & 0xFFFF).to_bytes(2, "big")
    return b"\x95" + len(body).to_bytes(2, "big") + body


def ssh_public(public: bytes) -> bytes:
    """The blob that stands in `.pub` files."""
    return _ssh(b"ssh-ed25519", public)


def openssh(seed: bytes, comment: str, check: bytes) -> bytes:
    """An unlocked private key file of OpenSSH (PROTOCOL.key); `check` are four bytes of its own."""
    public = ed25519_public(seed)
    secret = check * 2 + ssh_public(public) + _ssh(seed + public, comment.encode())
    secret += bytes(range(1, 1 + -len(secret) % 8))
    head = b"openssh-key-v1\0" + _ssh(b"none", b"none", b"")
    return head + (1).to_bytes(4, "big") + _ssh(ssh_public(public), secret)
