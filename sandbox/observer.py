"""`Observer`: from crates to traces, for commands: engine, image and kept traces in one place."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from analyzer.codec import CodecError, from_plain, to_plain
from analyzer.model import CrateSource, Gap, GapKind, Trace
from analyzer.registry.cache import Cache
from analyzer.signatures import load_signatures
from sandbox.engine import connect
from sandbox.errors import SandboxError
from sandbox.fetch import Shelf
from sandbox.image import build_image, tag
from sandbox.observe import Setting, observe
from sandbox.settings import SandboxOptions
from sandbox.toolchain import find_toolchain

Tell = Callable[[str], None]


class Observer:
    """Observes one crate after the other. What was observed before is not built again: the same
    bytes in the same image under the same options are answered from the cache.
    """

    def __init__(
        self, cache_dir: Path, options: SandboxOptions, tell: Tell, *, is_offline: bool = False
    ) -> None:
        """Raises SandboxError if a run is required and cannot be had."""
        self._cache = Cache(cache_dir)
        self._options, self._tell = options, tell
        self._setting: Setting | None = None
        self._trouble = ""
        try:
            client = connect()
            image = build_image(client, tell)
            home, toolchain = cache_dir / "sandbox/cargo", find_toolchain()
            shelf = Shelf(home, toolchain, is_offline, options.features)
        except SandboxError as error:
            if options.is_required:
                raise
            self._trouble = f"{error}; {error.remedy}" if error.remedy else str(error)
            return
        self._setting = Setting(client, image, shelf, load_signatures())

    def __call__(self, crate: CrateSource) -> Trace:
        """What a build of exactly these bytes did. Raises SandboxError if it is required."""
        if self._setting is None:
            return _untold(self._trouble)
        key = self._key(crate, self._setting)
        kept = self._cache.report(key) if self._options.artifacts is None else None
        if kept is not None:
            try:
                return from_plain(Trace, json.loads(kept))
            except (ValueError, CodecError):
                pass  # damaged: built again
        try:
            trace = observe(crate, self._setting, self._options, self._tell)
        except SandboxError as error:
            if self._options.is_required:
                raise
            return _untold(str(error))
        is_whole = not any(one.is_blocking for one in trace.gaps)
        if trace.observation is not None and is_whole:  # a run that broke off may not another time
            self._cache.keep_report(key, json.dumps(to_plain(trace)).encode())
        return trace

    def _key(self, crate: CrateSource, setting: Setting) -> str:
        parts = [
            crate.ref.name,
            crate.ref.version,
            crate.sha256,
            crate.origin.value,
            setting.image.digest,
            setting.shelf.toolchain.version,
            setting.signatures.digest,
            program_digest(),
            repr(sorted(asdict(self._options).items())),
        ]
        return hashlib.sha256(json.dumps(["trace", *parts]).encode()).hexdigest()


def _untold(reason: str) -> Trace:
    """Asked for and not had: that is no quiet build."""
    remedy = "`cratescope sandbox doctor` says what is missing"
    return Trace(gaps=(Gap(GapKind.SANDBOX, reason, is_blocking=True, remedy=remedy),))


@functools.cache
def program_digest() -> str:
    """What of ours shapes a trace: the image's own name, and the sources of this package."""
    digest = hashlib.sha256(tag().encode())
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".toml"):
            digest.update(path.read_bytes())
    return digest.hexdigest()
