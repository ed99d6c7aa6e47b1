"""Reports that were made before: by bytes, judge and what was publicly known, not by the day.

Who may write the cache folder may change verdicts, as whoever may write the program may. What no
worker could judge is never kept.
"""

from __future__ import annotations

import functools
import hashlib
import json
import zlib
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import analyzer
from analyzer.codec import to_plain
from analyzer.limits import Limits
from analyzer.model import Context, CrateRef, CrateSource, Gap, Origin, Report, Verdict
from analyzer.registry.cache import Cache
from analyzer.registry.history import history
from analyzer.signatures import signature_digest
from analyzer.worker.protocol import Sealed

_PARSERS = (
    *("tree-sitter", "tree-sitter-rust", "tree-sitter-bash", "tree-sitter-powershell"),
    *("tree-sitter-c", "google-re2", "rapidfuzz", "isal"),
)
_KEY_SIZE = 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """The identity of what is to be judged: `CrateSource` without its bytes."""

    ref: CrateRef
    sha256: str
    origin: Origin
    gaps: tuple[Gap, ...] = ()

    @classmethod
    def of(cls, crate: CrateSource) -> Wanted:
        """What identifies a crate whose bytes are at hand."""
        return cls(crate.ref, crate.sha256, crate.origin, crate.gaps)


@functools.cache
def engine_digest() -> str:
    """sha256 over the program's own sources and the versions of what parses for it."""
    digest = hashlib.sha256()
    root = Path(analyzer.__file__).parent
    for path in sorted(root.rglob("*.py")):
        data = path.read_bytes()
        digest.update(f"{path.relative_to(root)}\0{len(data)}\0".encode() + data)
    digest.update(" ".join(f"{one} {version(one)}" for one in _PARSERS).encode())
    return digest.hexdigest()


class ReportCache:
    """Sealed reports in the cache folder. Safe to share between threads and processes."""

    def __init__(
        self,
        cache_dir: Path,
        limits: Limits,
        rules: tuple[Path, ...] = (),
        *,
        folder: Path | None = None,
    ) -> None:
        """For one judge: this program, these limits, the shipped rules (or those in `folder`) and
        those in `rules`.

        Raises SignatureError for rules that cannot be read.
        """
        self._cache = Cache(cache_dir)
        parts = (engine_digest(), signature_digest(folder, rules), limits.digest())
        self._judge = " ".join(parts)

    def key(self, wanted: Wanted, context: Context) -> str:
        """What stands for everything that a report of this crate depends on."""
        known: object = context
        if context.previous is None and not context.dependencies and context.vcs is None:
            known = (history(wanted.ref, context), context.advisories, context.record)
            known += (context.exports,) if context.exports else ()
            known += (context.trace,) if context.trace is not None else ()
        parts = [to_plain(wanted), repr(known) if known is not context else to_plain(context)]
        return hashlib.sha256(f"{self._judge}\n{json.dumps(parts)}".encode()).hexdigest()

    def shortcut(self, *parts: str) -> str:
        """A key for what a report's key was once found from, which is cheaper to say."""
        return hashlib.sha256(json.dumps([self._judge, *parts]).encode()).hexdigest()

    def shortened(self, shortcut: str) -> str | None:
        """The report's key that a shortcut was kept for; None if none was."""
        data = self._cache.report(shortcut)
        text = data.decode("ascii", "replace") if data is not None else ""
        return text if len(text) == _KEY_SIZE else None

    def shorten(self, shortcut: str, key: str) -> None:
        """Keep a shortcut to a report's key."""
        self._cache.keep_report(shortcut, key.encode())

    def get(self, key: str, context: Context, *, is_brief: bool = False) -> Report | None:
        """A kept report, as of the context's day; None if there is none or it is damaged.

        `is_brief`: if it is CLEAR without facts, indicators and files, which are left unread.
        """
        data = self._cache.report(key)
        if data is None:
            return None
        head, _, body = data.partition(b"\n")
        try:
            size = int(head)
            report = Sealed(zlib.decompress(body[:size]), b"").open_brief()
            if not is_brief or report.verdict is not Verdict.CLEAR:
                report = Sealed(b"", zlib.decompress(body[size:])).complete(report)
        except (ValueError, zlib.error):  # a CodecError is a ValueError
            return None
        made = replace(report.provenance, as_of=context.as_of, sources=context.sources)
        return replace(report, provenance=made)

    def put(self, key: str, sealed: Sealed) -> None:
        """Keep a report, or say in `trouble` why not."""
        brief, bulk = zlib.compress(sealed.brief, 1), zlib.compress(sealed.bulk, 1)
        self._cache.keep_report(key, b"%d\n" % len(brief) + brief + bulk)

    @property
    def trouble(self) -> str:
        """Why something could not be kept; empty as long as all could."""
        return self._cache.trouble
