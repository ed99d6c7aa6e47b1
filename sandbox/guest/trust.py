"""Makes a run's CA trusted by Rust clients that carry their own roots, by editing unpacked crates.

Cargo does not compare unpacked sources with checksums, so the lock file still holds. What was
altered is returned, and belongs into the report: the build is not quite the published one.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

CARRIERS = re.compile(r"webpki-root(s|-certs)-\d.*")
LIST = re.compile(rb"pub (?:static|const) TLS_SERVER_ROOT(S|_CERTS): [^=;]*= (?:[\w:]+\()?&\[")
ANCHOR = re.compile(rb"([\w:]*TrustAnchor) \{")
VERIFIER = re.compile(
    rb"fn verify_server_cert\([^;{}]*\) -> Result<(?:\w+::)*ServerCertVerified, (?:\w+::)*\w+> \{"
)
VERIFIER_FILES = ("src/verify.rs", "src/webpki/server_verifier.rs")
MAX_SOURCE_BYTES = 4 << 20


def trust(crate_sources: Path, ca_pem: str, *, is_verifier_patched: bool = False) -> list[str]:
    """Add the CA to each copy of webpki's roots in a cargo registry folder (`registry/src/*/`).

    With `is_verifier_patched`, rustls accepts every certificate, pinned ones too: the last resort.
    Returns one sentence for each crate altered, and for each that has a shape not known.
    Raises ValueError where `ca_pem` holds no certificate, OSError where a file cannot be written.
    """
    der = _der(ca_pem)
    told = []
    for folder in sorted(one for one in crate_sources.iterdir() if not one.is_symlink()):
        if CARRIERS.fullmatch(folder.name):
            told.append(f"{folder.name}: {_add_root(folder / 'src/lib.rs', der)}")
        elif is_verifier_patched and re.fullmatch(r"rustls-\d.*", folder.name):
            states = [_skip_verifier(folder / name) for name in VERIFIER_FILES]
            told.append(f"{folder.name}: {max(states)}")
    return told


def _add_root(path: Path, der: bytes) -> str:
    text = _read(path)
    if b"pub use parent::TLS_SERVER_ROOT" in text:
        return "takes its roots from a later version"
    found = LIST.search(text)
    if found is None:
        return "not altered, its list of roots has a shape not known"
    entry = b"\n  " + _entry(text, found, der)
    if entry not in text:
        path.write_bytes(text[: found.end()] + entry + text[found.end() :])
    return "the sandbox's CA is among its roots"


def _entry(text: bytes, found: re.Match[bytes], der: bytes) -> bytes:
    if found[1] == b"_CERTS":
        return b"CertificateDer::from_slice(" + _literal(der) + b"),"
    subject, key = (_literal(one) for one in _subject_and_key(der))
    name = ANCHOR.search(text, found.end())
    kind = name[1] if name else b"TrustAnchor"
    if b"subject_public_key_info" in text:
        parts = (b"subject: Der::from_slice(", subject, b"), subject_public_key_info: ")
        return b"%b { %b Der::from_slice(%b), name_constraints: None }," % (
            *(kind, b"".join(parts), key),
        )
    return b"%b { subject: %b, spki: %b, name_constraints: None }," % (kind, subject, key)


def _skip_verifier(path: Path) -> str:
    """A state: of two files' states the greater is the crate's."""
    text = _read(path)
    early = b"\n        return Ok(ServerCertVerified::assertion());"
    altered = VERIFIER.sub(lambda one: one[0] + early, text) if early not in text else text
    if early not in altered:
        return "not altered, its verifier has a shape not known"
    path.write_bytes(altered)
    return "refuses no certificate"


def _read(path: Path) -> bytes:
    """The file, unless a link leads elsewhere or it is huge: a crate's author chose it."""
    if path.is_symlink() or path.parent.is_symlink() or not path.is_file():
        return b""
    return path.read_bytes() if path.stat().st_size <= MAX_SOURCE_BYTES else b""


def _literal(data: bytes) -> bytes:
    return b'b"' + "".join(f"\\x{one:02x}" for one in data).encode() + b'"'


def _der(pem: str) -> bytes:
    body = re.search(r"-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END", pem)
    if body is None:
        raise ValueError("no certificate")
    return base64.b64decode(body[1])


def _subject_and_key(der: bytes) -> tuple[bytes, bytes]:
    """The insides of a certificate's subject and public key."""
    try:
        (certificate,) = _elements(der)
        parts = list(_elements(next(_elements(certificate[1]))[1]))
        first = 1 if parts[0][0] == 0xA0 else 0  # an explicit version
        return parts[first + 4][1], parts[first + 5][1]
    except (IndexError, StopIteration, ValueError) as error:
        raise ValueError("not a certificate") from error


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and values of DER; raises IndexError where it ends early."""
    while data:
        tag, size, start = data[0], data[1], 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[2:start], "big")
        if start + size > len(data):
            raise IndexError
        yield tag, data[start : start + size]
        data = data[start + size :]
