"""Places as SARIF locations: URIs that no name in a crate can turn into another place.

A file of the user's is relative to `%SRCROOT%`, the folder that the command ran in, or a `file:`
URI where it lies elsewhere. A file that only an archive holds is `NAME@VERSION/PATH` relative to
`CRATES`, which no reader can open; a scheme of our own would say so better, but services refuse a
whole log for one URI with a scheme other than `file`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import quote

from analyzer.model import CrateInfo, Member, Moment, Span, Where
from analyzer.report.observation import moment_text
from analyzer.report.text import printable, sarif_text

ROOT, CRATES = "%SRCROOT%", "CRATES"
BASES: dict[str, object] = {
    ROOT: {"description": {"text": "The folder that the command ran in."}},
    CRATES: {"description": {"text": "Archives of crates, as NAME@VERSION."}},
}
MANIFEST = "Cargo.toml"
_ESCAPED_BYTES = range(0xDC80, 0xDD00)
_STRAY = re.compile(r"[\ud800-\udfff]")
_DOTS = re.compile(r"\.+")
_LINE_MAX = 2**31 - 1
_FILE = (".toml", ".json", ".lock")

Json = dict[str, object]


def base_uri(folder: Path, here: Path) -> str:
    """The URI that files of a folder begin with, seen from the folder `here`; empty for `here`."""
    whole, root = folder.resolve(), here.resolve()
    if whole == root:
        return ""
    if whole.is_relative_to(root):
        return quoted(whole.relative_to(root).as_posix()) + "/"
    return whole.as_uri() + "/"


def quoted(path: str) -> str:
    """A path as part of a URI: never absolute, never upwards, no authority, query or fragment."""
    parts = [_part(one) for one in path.split("/") if one]
    return "/".join(parts) or "_"


def _part(name: str) -> str:
    name = name.replace("/", "_")  # in a crate's name: `%2F` is a step, to readers that decode
    if _DOTS.fullmatch(name):  # and `%2E%2E` one upwards
        name = "_" * len(name)
    return quote(_STRAY.sub(_surrogate, name), safe="", errors="surrogateescape")


def _surrogate(found: re.Match[str]) -> str:
    """Bytes that are no UTF-8 stay what they were; what stands for no byte is shown."""
    return found[0] if ord(found[0]) in _ESCAPED_BYTES else printable(found[0])


@dataclass(frozen=True, slots=True)
class Ground:
    """The crate that places lie in; `base` is what `base_uri` says of its folder, None for a crate
    whose files are not the user's.
    """

    crate: CrateInfo
    base: str | None = None

    @property
    def label(self) -> str:
        """The crate in a message."""
        return sarif_text(f"{self.crate.name} {self.crate.version}", max_characters=160)

    @property
    def package(self) -> Json:
        """The crate as a logical location: a package URL."""
        version = quote(printable(self.crate.version), safe="")
        name = f"pkg:cargo/{quote(printable(self.crate.name), safe='')}@{version}"
        return {"fullyQualifiedName": name, "kind": "package"}

    def artifact(self, path: str) -> Json:
        """A file of the crate."""
        if self.base is not None:
            return _artifact(self.base + quoted(path))
        prefix = f"{self.crate.name}-{self.crate.version}/"
        head = _part(self.crate.name) + "@" + _part(self.crate.version)
        return {"uri": f"{head}/{quoted(path.removeprefix(prefix))}", "uriBaseId": CRATES}

    def location(self, where: Where, *, snippet: str = "", message: str = "") -> Json:
        """Any place in the crate. What is in no file lies in its manifest, and is named."""
        names = [self.package]
        region: Json = {"startLine": 1}
        if isinstance(where, Span):
            artifact_, region = self.artifact(where.file), _region(where)
        elif isinstance(where, Member):
            artifact_ = self.artifact(where.member or MANIFEST)
        elif isinstance(where, Moment):
            artifact_ = self.artifact(MANIFEST)
            names += [_named(moment_text(where))]
        else:
            is_file = where.document.endswith(_FILE)
            artifact_ = self.artifact(where.document if is_file else MANIFEST)
            region = lines(where.line) if is_file else region
            names += [_named(f"{where.document} {where.key}")]
        if snippet:
            region["snippet"] = {"text": printable(snippet)}
        found: Json = {
            "physicalLocation": {"artifactLocation": artifact_, "region": region},
            "logicalLocations": names,
        }
        return {**found, "message": {"text": message}} if message else found


def file_of(path: str, here: Path | None) -> Json:
    """A file of the user's, by the name it has seen from the folder `here`."""
    named = PurePath(path)
    if here is not None and (named.is_absolute() or ".." in named.parts):
        return _artifact(base_uri(here / named.parent, here) + quoted(named.name))
    return _artifact("/".join(_part(one) for one in named.parts if one != "/") or "_")


def _artifact(uri: str) -> Json:
    return {"uri": uri} if uri.startswith("file:") else {"uri": uri, "uriBaseId": ROOT}


def lines(line: int) -> Json:
    """A whole line; the first one where none is known."""
    return {"startLine": min(max(line, 1), _LINE_MAX)}


def _region(where: Span) -> Json:
    found = lines(where.line)
    found["startColumn"] = min(max(where.column, 1), _LINE_MAX)
    if where.end_line > where.line:
        found["endLine"] = min(where.end_line, _LINE_MAX)
    return found


def _named(text: str) -> Json:
    return {"fullyQualifiedName": printable(text), "kind": "member"}
