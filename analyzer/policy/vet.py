"""A cargo-vet store, as its book describes it: `audits.toml`, `config.toml` and `imports.lock`.

Strict: a key that cargo-vet does not know is an error. Nothing is fetched: what other projects
audited is known as far as `imports.lock` holds it, and never counts for more than the map of the
import lets through. Source: https://mozilla.github.io/cargo-vet/ (config, audit entries, criteria).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TypeVar

from analyzer.policy.audits import Audit, Audits, Exemption, Trusted
from analyzer.policy.fields import Part, read_document

AUDITS = "audits.toml"
CONFIG = "config.toml"
IMPORTS = "imports.lock"

_BUILT_IN = {"safe-to-deploy": ("safe-to-run",), "safe-to-run": ()}
_AUDIT_FILE = ("criteria", "audits", "wildcard-audits", "trusted")
_CONFIG_FILE = ("cargo-vet", "default-criteria", "imports", "policy", "exemptions")
_IMPORT_FILE = ("audits", "publisher", "unpublished")
_CRITERION = ("description", "description-url", "implies", "aggregated-from")
_AUDIT = (
    "who",
    "criteria",
    "version",
    "delta",
    "violation",
    "targets",
    "dependency-criteria",
    "notes",
    "aggregated-from",
    "importable",
)
_TRUSTED = (
    "who",
    "criteria",
    "user-id",
    "trusted-publisher",
    "start",
    "end",
    "renew",
    "notes",
    "aggregated-from",
)
_EXEMPTION = ("version", "criteria", "dependency-criteria", "suggest", "notes")

Implied = Mapping[str, frozenset[str]]
T = TypeVar("T", Audit, Trusted)


def read_store(files: Mapping[str, bytes], *, folder: str) -> Audits:
    """The store whose files these are, by name; `folder` stands in errors. Raises TomlError."""
    documents = {
        name: read_document(files.get(name, b""), name=f"{folder}/{name}")
        for name in (AUDITS, CONFIG, IMPORTS)
    }
    own = documents[AUDITS].part((), documents[AUDITS].top, _AUDIT_FILE)
    implied = _criteria(own)
    config = documents[CONFIG].part((), documents[CONFIG].top, _CONFIG_FILE)
    imported = documents[IMPORTS].part((), documents[IMPORTS].top, _IMPORT_FILE)
    audits, trusted = list(_audits(own, implied)), list(_trusted(own, implied))
    limits = {name: _Import(part) for name, part in _imports(config)}
    for origin, part in imported.named("audits", _AUDIT_FILE):
        if origin in limits:  # an import that was taken back counts no more
            local = {**_criteria(part), **implied}
            audits += limits[origin].only(_audits(part, local), origin, implied)
            trusted += limits[origin].only(_trusted(part, local), origin, implied)
    return Audits(
        tuple(audits), tuple(trusted), tuple(_exemptions(config, implied)), tuple(sorted(implied))
    )


def _imports(config: Part) -> Iterator[tuple[str, Part]]:
    for name, part in config.named("imports", ("url", "exclude", "criteria-map")):
        _words(part, "url")
        yield name, part


class _Import:
    """What an import lets through: criteria by their own name unless the map gives less."""

    def __init__(self, part: Part) -> None:
        self._excluded = frozenset(part.texts("exclude"))
        inner = Part(part.document, (*part.path, "criteria-map"), part.free("criteria-map"))
        self._map = {key: frozenset(_words(inner, key)) for key in inner.values}

    def only(self, rows: Iterator[T], origin: str, implied: Implied) -> Iterator[T]:
        """The rows that come through, with their origin."""
        for one in rows:
            kept = [name for name in one.criteria if name in implied and self._lets(name)]
            # A violation speaks against a crate: it is never cut away by a map.
            is_violation = isinstance(one, Audit) and one.violation is not None
            if one.crate not in self._excluded and (kept or is_violation):
                criteria = one.criteria if is_violation else tuple(kept)
                yield dataclasses.replace(one, criteria=criteria, origin=origin)

    def _lets(self, name: str) -> bool:
        return name in self._map.get(name, {name})


# Criteria -----------------------------------------------------------------------------------------


def _criteria(part: Part) -> Implied:
    """Each criterion with itself and all that it implies."""
    direct: dict[str, tuple[str, ...]] = dict(_BUILT_IN)
    for name, row in part.named("criteria", _CRITERION):
        direct[name] = (*_words(row, "implies"), *_BUILT_IN.get(name, ()))
        for one in direct[name]:
            if one not in _BUILT_IN and one not in part.free("criteria"):
                raise row.error("implies", f"no criteria `{one}`")
    return {name: frozenset(_closure(name, direct)) for name in direct}


def _closure(name: str, direct: Mapping[str, tuple[str, ...]]) -> set[str]:
    found: set[str] = set()
    pending = [name]
    while pending:
        one = pending.pop()
        if one not in found:
            found.add(one)
            pending += direct.get(one, ())
    return found


def _stated(part: Part, implied: Implied) -> tuple[str, ...]:
    words = _words(part, "criteria")
    if "criteria" not in part:
        raise part.error("criteria", f"{part.path[-1]}: `criteria` is missing")
    for one in words:
        if one not in implied:
            raise part.error("criteria", f"{part.path[-1]}: no criteria `{one}`")
    return tuple(sorted({more for one in words for more in implied[one]}))


def _words(part: Part, key: str) -> tuple[str, ...]:
    """A text or a list of texts."""
    value = part.values.get(key, [])
    return (part.text(key),) if isinstance(value, str) else part.texts(key)


# Records ------------------------------------------------------------------------------------------


def _rows(part: Part, key: str, known: tuple[str, ...]) -> Iterator[tuple[str, Part]]:
    """Entries by crate: each crate has a list of tables."""
    for crate, rows in part.free(key).items():
        path = (*part.path, key, crate)
        if not isinstance(rows, list):
            raise part.document.error(path, f"{key}.{crate} must be an array of tables")
        for row in rows:
            yield crate, part.document.part(path, row, known)


def _audits(part: Part, implied: Implied) -> Iterator[Audit]:
    for crate, row in _rows(part, "audits", _AUDIT):
        kinds = [one for one in ("version", "delta", "violation") if one in row]
        if len(kinds) != 1:
            raise row.error("version", f"{crate}: give one of version, delta, violation")
        base, version = _delta(row) if "delta" in row else ("", row.text("version"))
        yield Audit(
            crate=crate,
            who=", ".join(_words(row, "who")),
            criteria=_stated(row, implied),
            version=version,
            base=base,
            violation=row.range("violation") if "violation" in row else None,
            is_partial="targets" in row or "dependency-criteria" in row,
        )


def _delta(row: Part) -> tuple[str, str]:
    base, arrow, version = (one.strip() for one in row.text("delta").partition("->"))
    if not (base and arrow and version):
        raise row.error("delta", "`delta` must be `VERSION -> VERSION`")
    return base, version


def _trusted(part: Part, implied: Implied) -> Iterator[Trusted]:
    for key in ("trusted", "wildcard-audits"):
        for crate, row in _rows(part, key, _TRUSTED):
            user = row.values.get("user-id")
            if isinstance(user, int) and not isinstance(user, bool):
                publisher = str(user)
            else:
                publisher = row.text("trusted-publisher", is_needed=True)
            yield Trusted(
                crate=crate,
                publisher=publisher,
                start=row.day("start", is_needed=True),
                end=row.day("end", is_needed=True),
                criteria=_stated(row, implied),
                who=", ".join(_words(row, "who")),
            )


def _exemptions(part: Part, implied: Implied) -> Iterator[Exemption]:
    for crate, row in _rows(part, "exemptions", _EXEMPTION):
        yield Exemption(crate, row.text("version", is_needed=True), _stated(row, implied))
