"""Indicators one a line, by kind, for lists that machines block or search by."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.project.share.package import Package
from analyzer.report.text import one_line

_KINDS = (
    ("hosts", "hosts"),
    ("related", "hosts of the same people"),
    ("addresses", "addresses"),
    ("urls", "URLs"),
    ("sha256", "SHA-256"),
    ("files", "file names"),
    ("mails", "mail addresses"),
    ("accounts", "accounts"),
    ("keys", "fingerprints of SSH keys"),
    ("texts", "texts in code"),
)


def render(package: Package) -> str:
    """The list. Ends with a line feed."""
    return "\n".join(_lines(package)) + "\n"


def _lines(package: Package) -> Iterator[str]:
    yield f"# {one_line(package.title)}, as of {package.made}"
    yield "# crates"
    for one in package.crates:
        rows = ("",) if one.is_any_version else one.versions
        yield from (one_line(f"pkg:cargo/{one.name}{f'@{row}' if row else ''}") for row in rows)
    for name, title in _KINDS:
        values = getattr(package.traces, name)
        if values:
            yield f"# {title}"
            yield from (one_line(one) for one in values)
