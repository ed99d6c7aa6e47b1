"""What `signatures/hygiene.toml` says, as values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from analyzer.errors import SignatureError
from analyzer.model import Severity
from analyzer.signatures import IndicatorList, default_folder, load_signatures
from analyzer.toml import read_toml

HYGIENE_FILE = "hygiene.toml"
_SEVERITIES = (Severity.INFO, Severity.LOW, Severity.MEDIUM)
_NAME_CHARACTERS = 100
_KEYS = {"severity", "title", "why", "remedy"}


@dataclass(frozen=True, slots=True)
class Check:
    """One habit: how bad, in a few words, why, and what to do."""

    id: str
    severity: Severity
    title: str
    why: str
    remedy: str


@dataclass(frozen=True)
class Knowledge:
    """The checks, the words of pipelines, and the names that hold secrets."""

    checks: Mapping[str, Check]
    words: Mapping[str, frozenset[str]]
    aliases: Mapping[str, str]
    secrets: IndicatorList
    digest: str

    def group_of(self, name: str) -> str:
        """The class of secret that a variable of this name holds, or nothing.

        The longest entry of the list says most: `CARGO_REGISTRY_TOKEN` before `*_TOKEN`.
        """
        plain = name.upper()[:_NAME_CHARACTERS]
        if plain in self.words["plain-variables"] or self.secrets.match(plain) is None:
            return ""
        found = [one for one in self.secrets.entries if fnmatchcase(plain, one.value.upper())]
        return max(found, key=lambda one: len(one.value)).group if found else ""


def read_checks(folder: Path | None = None) -> Mapping[str, Check]:
    """Only the checks, by id. Raises SignatureError for a malformed file."""
    return _read(folder)[0]


def load_knowledge(folder: Path | None = None) -> Knowledge:
    """Everything that hygiene asks for. Raises SignatureError for a malformed file."""
    checks, words, aliases, digest = _read(folder)
    secrets = load_signatures(folder).indicators["secret-variables"]
    return Knowledge(checks, words, aliases, secrets, digest)


def _read(
    folder: Path | None,
) -> tuple[dict[str, Check], dict[str, frozenset[str]], dict[str, str], str]:
    data = ((folder or default_folder()) / HYGIENE_FILE).read_bytes()
    table = read_toml(data, name=HYGIENE_FILE)
    rows, words = table.get("check"), table.get("words")
    if (
        not isinstance(rows, dict)
        or not isinstance(words, dict)
        or set(table) != {"check", "words"}
    ):
        raise SignatureError(f"{HYGIENE_FILE}: it holds [words] and [check.ID]")
    checks: dict[str, Check] = {}
    for name, row in rows.items():
        if not isinstance(row, dict) or set(row) != _KEYS or row["severity"] not in _SEVERITIES:
            raise SignatureError(f"{HYGIENE_FILE}: [check.{name}] has {', '.join(sorted(_KEYS))}")
        checks[name] = Check(
            name,
            Severity(row["severity"]),
            *(str(row[key]) for key in ("title", "why", "remedy")),
        )
    lists = {key: frozenset(value) for key, value in words.items() if isinstance(value, list)}
    aliases = {str(key): str(value) for key, value in words["aliases"].items()}
    return checks, lists, aliases, hashlib.sha256(data).hexdigest()
