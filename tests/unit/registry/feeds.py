"""Small advisory feeds of the shape of the real ones."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile

FULL = """```toml
[advisory]
id = "RUSTSEC-2026-0001"
package = "quokka"
date = "2026-01-02"
url = "https://advisories.invalid/1"
aliases = ["CVE-2026-1"]
related = ["CVE-2026-2"]
cvss = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"
categories = ["denial-of-service"]
keywords = ["loop"]

[affected]
arch = ["x86_64"]
os = ["linux"]

[affected.functions]
"quokka::hop" = ["< 0.9.0"]

[versions]
patched = [">= 1.2.3", ">= 0.9.0, < 1.0.0-rc.1"]
unaffected = ["< 0.2"]
```

# `quokka` hops for ever

It does.

```rust
fn main() {}
```
"""


def pack(files: dict[str, str], *, mtime: int = 1_780_000_000) -> bytes:
    """An archive of the shape of the advisory database's."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(f"advisory-db-main/{path}")
            member.size, member.mtime = len(text.encode()), mtime
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def zipped(*entries: dict[str, object]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for one in entries:
            archive.writestr(f"{one['id']}.json", json.dumps(one))
    return packed.getvalue()


def osv(**fields: object) -> dict[str, object]:
    package = {"ecosystem": "crates.io", "name": "quokka"}
    ranges = [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.3"}]}]
    return {
        "id": "GHSA-aaaa-bbbb-cccc",
        "summary": "hops for ever",
        "modified": "2026-02-03T04:05:06Z",
        "affected": [{"package": package, "ranges": ranges}],
    } | fields
