"""Which policy decides: the file a person names, or one that only they can have put there.

Never a file of a crate, and none that a target brings (threat model V10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from analyzer.config import PROJECT_FILE
from analyzer.errors import UsageError

VARIABLE = "CRATESCOPE_POLICY"
_CRATE_MARKS = (".cargo-ok", ".cargo-checksum.json", ".cargo_vcs_info.json", "Cargo.toml.orig")
"""What cargo leaves in folders that it unpacked or vendored: others' code, whatever lies there."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The policy file to obey, None for none; `warnings` tell of one that lies there in vain."""

    path: Path | None
    warnings: tuple[str, ...] = ()


def choose(named: Path | None, environ: Mapping[str, str], *, looks_here: bool = False) -> Choice:
    """The file a person names, else the environment's, else `./cratescope.toml` if `looks_here`.

    The last only where nobody else could have put it there: not in a folder that cargo unpacked,
    and not in CI, where the change that is judged may have brought it.
    """
    if named is not None:
        return Choice(named)
    if environ.get(VARIABLE):
        return Choice(Path(environ[VARIABLE]))
    here = Path(PROJECT_FILE)
    if not looks_here or not here.is_file():
        return Choice(None)
    if _is_unpacked(Path.cwd()):
        return Choice(None, (f"{here} is not obeyed: this folder is a crate that cargo unpacked",))
    if environ.get("CI", "").lower() not in ("", "0", "false"):
        text = f"{here} is not obeyed in CI unless it is named: --policy, from the base branch"
        return Choice(None, (text,))
    return Choice(here)


def _is_unpacked(folder: Path) -> bool:
    return any((one / mark).exists() for one in (folder, *folder.parents) for mark in _CRATE_MARKS)


def refuse_inside(policy: Path, folders: Iterable[Path]) -> None:
    """Raises UsageError if a policy lies in a folder that it is to judge."""
    real = policy.resolve()
    for folder in folders:
        if real.is_relative_to(folder.resolve()):
            raise UsageError(
                f"{policy} lies inside {folder}, which it would judge",
                remedy="keep the policy outside of what is scanned",
            )
