"""A draft of a RustSec advisory for one crate: TOML, then Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator

from analyzer.project.incident.model import BadCrate
from analyzer.project.share.package import Package
from analyzer.report.text import one_line


def render(package: Package) -> str:
    """The file `crates/NAME/RUSTSEC-0000-0000.md`. Raises UsageError for several crates."""
    return "\n".join(_lines(package.only(), package.made)) + "\n"


def _lines(crate: BadCrate, made: str) -> Iterator[str]:
    yield "```toml"
    yield "[advisory]"
    yield 'id = "RUSTSEC-0000-0000"'
    yield f"package = {_text(crate.name)}"
    yield f"date = {_text(_day(crate.removed or made))}"
    others = [one for one in crate.advisories if not one.startswith("RUSTSEC-")]
    if others:
        yield f"aliases = [{', '.join(map(_text, others))}]"
    if crate.is_any_version:
        yield "expect-deleted = true"
    yield ""
    yield "[versions]"
    yield from _versions(crate)
    yield "```"
    yield ""
    if crate.is_any_version:
        yield f"# `{crate.name}` was removed from crates.io for malicious code"
    else:
        yield f"# malicious code in `{crate.name}` {', '.join(crate.versions)}"
    yield ""
    yield _prose(crate.summary or "It holds malicious code.")
    yield ""
    if crate.published:
        yield f"It was published on {crate.published}" + (
            f" and removed on {crate.removed}." if crate.removed else "."
        )


def _versions(crate: BadCrate) -> Iterator[str]:
    """Only the bad versions are affected; others are unaffected one by one."""
    if crate.is_any_version:
        yield "patched = []"
        return
    first, last = crate.versions[0], crate.versions[-1]
    yield f"patched = [{_text(f'> {last}')}]"
    yield f"unaffected = [{_text(f'< {first}')}]"


def _day(text: str) -> str:
    """A day of a time, a day or a month."""
    return text[:10] if len(text) >= 10 else f"{text[:7]}-01"


def _text(value: str) -> str:
    return json.dumps(value)


def _prose(text: str) -> str:
    """A line that opens no code block and no heading."""
    return one_line(text).replace("`", "'").lstrip("#> ")
