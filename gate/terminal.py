"""What a terminal asks a running gate, and what its store gives to other tools."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from analyzer.config import RegistryAccess, Settings, is_default_source
from analyzer.errors import RegistryUnreachable, UsageError
from analyzer.limits import Limits
from analyzer.model import Gap, LockedPackage, Lockfile
from analyzer.project.locks import read_lock
from analyzer.registry.client import Client, Request
from gate.settings import CRATES_IO

_ANSWER_BYTES = 4 << 20
_STREAMS = 8
_WAIT_S = 20
_ROUNDS = 90
_SAID = ("outcome", "why", "last_allowed", "page")


@dataclass(frozen=True, slots=True)
class Checked:
    """What a gate says of a locked package: `outcome` is serve, hold, deny, around or unknown.

    `around`: it does not come through this gate, for the reason in `why`. `mends`: advisories
    against earlier versions that it would end.
    """

    name: str
    version: str
    outcome: str
    why: str = ""
    last_allowed: str = ""
    page: str = ""
    line: int = 0
    mends: tuple[str, ...] = ()


def locked(path: Path, limits: Limits) -> Lockfile:
    """A Cargo.lock, by its own name or in a folder. Raises UsageError."""
    found = read_lock(path / "Cargo.lock" if path.is_dir() else path, limits)
    if isinstance(found, Gap):
        raise UsageError(f"{found.path}: {found.reason}", remedy=found.remedy)
    return found


class Remote:
    """A running gate, asked over HTTP. A context manager."""

    def __init__(self, url: str, token: str, settings: Settings) -> None:
        self.url, self._token = url if url.endswith("/") else f"{url}/", token
        access = RegistryAccess(self.url)
        self._client = Client(replace(settings, registry=access, timeout_s=_WAIT_S + 10.0))

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str) -> tuple[int, dict[str, object]]:
        """Status and JSON of an answer. Raises RegistryUnreachable."""
        headers = (("authorization", self._token),) if self._token else ()
        answer = self._client.get(Request(f"{self.url}{path}", _ANSWER_BYTES, headers))
        try:
            row = json.loads(answer.body)
        except ValueError:
            row = None
        if answer.status == 401:
            raise RegistryUnreachable("the gate wants a token", remedy="set CRATESCOPE_GATE_TOKEN")
        if not isinstance(row, dict):
            raise RegistryUnreachable(f"{self.url} is no gate", remedy="give its URL: --gate URL")
        return answer.status, row

    def indexes(self) -> tuple[str, ...]:
        """Addresses of the gate's indexes, as cargo is told them. Raises RegistryUnreachable."""
        _, row = self.get("api/v1/status")
        found = row.get("indexes")
        return tuple(map(str, found.values())) if isinstance(found, dict) else ()

    def check(self, packages: Iterable[LockedPackage]) -> Iterator[Checked]:
        """What the gate says of each package, in order; what is unread is read now.

        Raises RegistryUnreachable if there is no gate; trouble with one package is that one's.
        """
        self.indexes()
        with ThreadPoolExecutor(_STREAMS) as threads:
            yield from threads.map(self._one, packages)

    def _one(self, package: LockedPackage) -> Checked:
        head = (package.name, package.version)
        around = _around(package)
        if around:
            return Checked(*head, "around", around, line=package.line)
        path = f"api/v1/releases/{CRATES_IO}/{package.name}/{package.version}/{package.checksum}"
        try:
            for _ in range(_ROUNDS):
                status, row = self.get(f"{path}?wait={_WAIT_S}")
                if status != 202:
                    break
        except RegistryUnreachable as error:
            return Checked(*head, "unknown", str(error), line=package.line)
        if status == 200:
            said = {one: str(row.get(one, "")) for one in _SAID}
            mends = row.get("mends")
            ids = tuple(map(str, mends)) if isinstance(mends, list) else ()
            return Checked(*head, **said, line=package.line, mends=ids)
        return Checked(*head, "unknown", _detail(row), line=package.line)


def _around(package: LockedPackage) -> str:
    """Why a package does not come through a gate at all (G11); empty if it does."""
    if not package.source:
        return "a path: it lies in the project or beside it"
    if package.source.startswith("git+"):
        return "from git: no registry is asked"
    if not is_default_source(package.source):
        return f"from another registry: {package.source}"
    return "" if package.checksum else "the lock file pins no checksum"


def _detail(row: dict[str, object]) -> str:
    errors = row.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else {}
    return str(first.get("detail", "no answer")) if isinstance(first, dict) else "no answer"


# Export -------------------------------------------------------------------------------------------


def cargo_deny(refused: Iterable[tuple[str, str, str]]) -> str:
    """`[bans]` of a deny.toml for (name, version, reason)."""
    rows = [
        f"    {{ crate = {_quoted(f'{name}@{version}')}, reason = {_quoted(why)} }},"
        for name, version, why in refused
    ]
    return "\n".join(["[bans]", "deny = [", *rows, "]", ""])


def cargo_vet(refused: Iterable[tuple[str, str, str]], who: str) -> str:
    """Violations for an audits.toml, from (name, version, reason)."""
    rows: list[str] = []
    for name, version, why in refused:
        rows += [
            f"[[audits.{name}]]",
            f"who = {_quoted(who)}",
            'criteria = "safe-to-deploy"',
            f"violation = {_quoted(f'={version}')}",
            f"notes = {_quoted(why)}",
            "",
        ]
    return "\n".join(rows)


def _quoted(text: str) -> str:
    """A basic string of TOML, in plain ASCII."""
    return json.dumps(text, ensure_ascii=True).replace("\\/", "/").replace("\x7f", "\\u007f")
