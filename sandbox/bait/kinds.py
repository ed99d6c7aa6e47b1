"""The kinds of text a template may ask for: plain alphabets, and tokens that carry a checksum.

A kind takes a draw, its argument and a size, and gives a `Piece`. Whoever validates loot before
use (a checksum, an account number, a public half) finds it right.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.bait import curve
from sandbox.bait.draw import BASE62, Draw

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ALPHABETS = {
    "alnum": BASE62,
    "base58": _BASE58,
    "hex": "0123456789abcdef",
    "upperhex": "0123456789ABCDEF",
    "lower": "abcdefghijklmnopqrstuvwxyz0123456789",
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    "digits": "0123456789",
    "urlsafe": BASE62 + "-_",
    "password": BASE62.replace("0", "").replace("O", "") + "-_.",
}
# Some words of the BIP 39 list with their places in it: enough for a phrase whose sum is right.
_WORDS = """
admit:29 alarm:46 amazing:62 april:87 attitude:117 avocado:127 banner:146 bicycle:175 blade:184
burst:246 call:259 canoe:268 cherry:315 coil:362 cradle:399 crystal:426 cup:429 diagram:487
drift:534 dwarf:549 egg:566 essay:617 exit:639 fatal:668 food:726 gain:758 giraffe:785 govern:808
hire:864 humor:888 ivory:951 jewel:959 juice:966 keen:973 lottery:1056 luggage:1062 mango:1081
measure:1103 moment:1143 monkey:1145 nose:1203 ocean:1223 olive:1233 ozone:1268 parade:1280
patrol:1289 poem:1336 pulse:1388 pupil:1391 rabbit:1409 recipe:1437 ripple:1490 rug:1512
runway:1515 scissors:1544 sheriff:1580 sibling:1597 slender:1626 stumble:1725 surround:1748
tent:1786 velvet:1936 walnut:1974 wasp:1980
"""
_INDEX = {word: int(index) for word, _, index in (one.partition(":") for one in _WORDS.split())}


@dataclass(frozen=True, slots=True)
class Piece:
    """A drawn text; `secret` is what of it betrays a reader, when that is not the whole text."""

    text: str
    secret: bytes = b""


def _base62(number: int, length: int) -> str:
    out = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        out = BASE62[digit] + out
    return out


def _checked(draw: Draw, _argument: str, size: int) -> Piece:
    """The rest of a `ghp_` or `npm_` token: entropy, then its CRC-32 in six digits of base 62."""
    body = draw.text("body", BASE62, size - 6)
    return Piece(body + _base62(zlib.crc32(body.encode()), 6))


def _aws_id(draw: Draw, account: str, _size: int) -> Piece:
    """The rest of an access key id: its upper bits tell the account to anyone who decodes it."""
    high = (1 << 47) | int(account) << 7 | draw.number("low", 0, 127)
    data = high.to_bytes(6, "big") + draw.bytes("rest", 4)
    return Piece(base64.b32encode(data).decode())


def _phrase(draw: Draw, _argument: str, size: int) -> Piece:
    """A recovery phrase of 12 or 24 words, its checksum right."""
    words = list(_INDEX)
    for attempt in range(10_000):
        picked = [draw.choice(f"{attempt}/{at}", words) for at in range(size)]
        bits = "".join(f"{_INDEX[word]:011b}" for word in picked)
        cut = len(bits) - size // 3
        data = int(bits[:cut], 2).to_bytes(cut // 8, "big")
        digest = f"{hashlib.sha256(data).digest()[0]:08b}"
        if digest.startswith(bits[cut:]):
            return Piece(" ".join(picked))
    raise AssertionError("no phrase in ten thousand draws of one in 256")


def _jwt(draw: Draw, subject: str, _size: int) -> Piece:
    """A signed token; only its signature is secret, the rest is alike in all tokens."""
    head = {"alg": "HS256", "typ": "JWT"}
    parts = [json.dumps(one, separators=(",", ":")).encode() for one in (head, {"sub": subject})]
    text = b".".join(base64.urlsafe_b64encode(one).rstrip(b"=") for one in parts)
    digest = hmac.digest(draw.bytes("key", 32), text, "sha256")
    signature = base64.urlsafe_b64encode(digest).rstrip(b"=")
    return Piece((text + b"." + signature).decode(), signature)


def _macaroon(draw: Draw, index: str, _size: int) -> Piece:
    """The rest of a package index token: a version 2 macaroon as that index writes it."""
    uuid = _uuid(draw, "", 0).text.encode()
    caveat = json.dumps({"version": 1, "permissions": "user"}).encode()
    signature = draw.bytes("signature", 32)
    data = b"\x02\x01" + bytes((len(index),)) + index.encode() + b"\x02" + bytes((len(uuid),))
    data += uuid + b"\0\x02" + bytes((len(caveat),)) + caveat + b"\0\0\x06\x20" + signature
    return Piece(base64.urlsafe_b64encode(data).rstrip(b"=").decode(), signature)


def _uuid(draw: Draw, _argument: str, _size: int) -> Piece:
    text = draw.bytes("uuid", 16).hex()
    variant = "89ab"[int(text[16], 16) % 4]
    return Piece(f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}")


def _base64(draw: Draw, prefix: str, size: int) -> Piece:
    """Base64 of `size` raw bytes behind a prefix in hex; the raw bytes are the secret."""
    raw = draw.bytes("raw", size)
    return Piece(base64.b64encode(bytes.fromhex(prefix) + raw).decode(), raw)


def _raw(draw: Draw, _argument: str, size: int) -> Piece:
    """Raw bytes, for files in Latin-1."""
    raw = draw.bytes("raw", size)
    return Piece(raw.decode("latin-1"), raw)


def _solana(draw: Draw, _argument: str, _size: int) -> Piece:
    """The 64 numbers of a Solana key file: seed, then its public key."""
    seed = draw.bytes("seed", 32)
    return Piece(json.dumps([*seed, *curve.ed25519_public(seed)], separators=(",", ":")), seed)


def _ed25519_pair58(draw: Draw, _argument: str, _size: int) -> Piece:
    """Seed and public key in base 58, as NEAR and wallet exports have it."""
    seed = draw.bytes("seed", 32)
    return Piece(_to_base58(seed + curve.ed25519_public(seed)))


def _to_base58(data: bytes) -> str:
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def _openssh(draw: Draw, comment: str, _size: int) -> Piece:
    seed = draw.bytes("seed", 32)
    data = curve.openssh(seed, comment, draw.bytes("check", 4))
    return Piece(curve.pem("OPENSSH PRIVATE KEY", data, 70), seed)


def _seed_hex(draw: Draw, _argument: str, _size: int) -> Piece:
    seed = draw.bytes("seed", 32)
    return Piece(seed.hex(), seed)


def _public(form: Callable[[bytes], str]) -> Callable[[Draw, str, int], Piece]:
    """The public half of the key whose seed the same draw gives."""
    return lambda draw, _argument, _size: Piece(form(curve.ed25519_public(draw.bytes("seed", 32))))


def _ssh_line(public: bytes) -> str:
    return "ssh-ed25519 " + base64.b64encode(curve.ssh_public(public)).decode()


def _ecdsa(draw: Draw, _argument: str, _size: int) -> Piece:
    scalar = draw.number("scalar", 1 << 254, (1 << 255) - 1)
    text = curve.pem("EC PRIVATE KEY", curve.ecdsa(scalar), 64)
    return Piece(text, scalar.to_bytes(32, "big"))


def _pgp_secret(draw: Draw, _argument: str, _size: int) -> Piece:
    seed = draw.bytes("seed", 32)
    created_s = draw.number("created", 1_500_000_000, 1_600_000_000)
    return Piece(curve.pgp_secret(seed, created_s).decode("latin-1"), seed)


def _basic(draw: Draw, user: str, size: int) -> Piece:
    """Base 64 of `user:password`, as registries of images want it."""
    password = draw.text("password", BASE62, size)
    return Piece(base64.b64encode(f"{user}:{password}".encode()).decode(), password.encode())


def _hex_raw(draw: Draw, _argument: str, size: int) -> Piece:
    """Hex of raw bytes, for literals in SQL: the file holds the bytes."""
    raw = draw.bytes("raw", size)
    return Piece(raw.hex(), raw)


def _rsa(draw: Draw, form: str, _size: int) -> Piece:
    """An RSA private key: `pkcs1`, `pkcs8`, or `pkcs8-json` for a JSON text."""
    key = curve.rsa_key(Draw(draw.seed), draw.path)
    is_old = form == "pkcs1"
    data, label = (
        (curve.pkcs1(key), "RSA PRIVATE KEY") if is_old else (curve.pkcs8(key), "PRIVATE KEY")
    )
    text = curve.pem(label, data, 64)
    own = key.q if key.p == curve.prime(Draw(draw.seed), "shared", 1024) else key.p
    return Piece(
        text.replace("\n", "\\n") if form == "pkcs8-json" else text, own.to_bytes(128, "big")
    )


def _alphabet(alphabet: str) -> Callable[[Draw, str, int], Piece]:
    return lambda draw, _argument, size: Piece(draw.text("text", alphabet, size))


KINDS: Mapping[str, Callable[[Draw, str, int], Piece]] = {
    **{name: _alphabet(alphabet) for name, alphabet in _ALPHABETS.items()},
    "checked": _checked,
    "aws-id": _aws_id,
    "phrase": _phrase,
    "jwt": _jwt,
    "macaroon": _macaroon,
    "uuid": _uuid,
    "base64": _base64,
    "raw": _raw,
    "solana": _solana,
    "pair58": _ed25519_pair58,
    "openssh": _openssh,
    "ssh-public": _public(_ssh_line),
    "public-hex": _public(bytes.hex),
    "public58": _public(_to_base58),
    "seed-hex": _seed_hex,
    "ecdsa": _ecdsa,
    "pgp-secret": _pgp_secret,
    "basic": _basic,
    "hex-raw": _hex_raw,
    "rsa": _rsa,
}
