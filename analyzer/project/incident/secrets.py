"""Classes of secrets: which ones a crate takes, which of them are here. Names and places only.

Of a `.env` file the names of its keys are taken, of a pipeline the names of its secrets; values are
never kept.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from analyzer.errors import SignatureError
from analyzer.project.hunt.model import SecretClass, SecretPlace
from analyzer.project.incident.model import BadCrate, Campaign
from analyzer.project.locks import shown
from analyzer.signatures import Signatures, default_folder
from analyzer.toml import TomlTable, read_toml

FILE = "response.toml"
_EVERYTHING = "everything"
_MAX_BYTES = 1 << 20
_MAX_PLACES = 40
_KEY = re.compile(
    rb"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]{0,80})[ \t]*[=:]", re.MULTILINE
)
_PIPELINE_SECRET = re.compile(r"\$\{\{\s*secrets\.([A-Za-z0-9_]{1,80})")
_DOTENV = re.compile(r"\.env(?:\.[\w.-]+)?|\.envrc(?:\.[\w.-]+)?|secrets\.(?:toml|ya?ml|json|env)")
_EXAMPLE = re.compile(r".*(?:example|sample|template|dist)$")
_PIPELINES = (".github/workflows", ".gitea/workflows", ".forgejo/workflows")


@dataclass(frozen=True, slots=True)
class Class:
    """One class as `response.toml` has it."""

    id: str
    title: str
    groups: tuple[str, ...]
    techniques: tuple[str, ...]
    rotate: tuple[str, ...]


@functools.cache
def response_table() -> TomlTable:
    """The whole file. Raises SignatureError."""
    path = default_folder() / FILE
    try:
        return read_toml(path.read_bytes(), name=FILE)
    except OSError as error:
        raise SignatureError(f"{path}: {error.strerror}") from None


@functools.cache
def classes() -> Mapping[str, Class]:
    """Every class by its id. Raises SignatureError."""
    rows = response_table().get("class")
    if not isinstance(rows, list):
        raise SignatureError(f"{FILE}: no [[class]] tables")
    found = [_class(row) for row in rows]
    return {one.id: one for one in found}


def _class(row: TomlTable) -> Class:
    def texts(key: str) -> tuple[str, ...]:
        value = row.get(key)
        return tuple(str(one) for one in value) if isinstance(value, list) else ()

    names = texts("groups"), texts("techniques"), texts("rotate")
    return Class(str(row.get("id")), str(row.get("title")), *names)


def taken_by(crate: BadCrate, campaign: Campaign | None) -> tuple[str, ...]:
    """Ids of the classes that a crate takes: as its campaign says, else by its techniques.

    One of which nothing is known may take everything.
    """
    if campaign is not None and campaign.secrets:
        return campaign.secrets
    techniques = set(crate.techniques)
    found = tuple(one.id for one in classes().values() if techniques.intersection(one.techniques))
    return found or (_EVERYTHING,)


def present(
    ids: Iterable[str], signatures: Signatures, home: Path | None, environ: Mapping[str, str]
) -> tuple[SecretClass, ...]:
    """The classes, each with what of it is in a home folder and an environment."""
    found = []
    for one in ids:
        known = classes().get(one)
        if known is not None:
            files = _files(known.groups, signatures, home) if home is not None else ()
            rows = (*files, *_variables(known.groups, signatures, environ))
            found.append(SecretClass(one, known.title, tuple(islice(rows, _MAX_PLACES))))
    return tuple(found)


def _files(groups: tuple[str, ...], signatures: Signatures, home: Path) -> Iterator[SecretPlace]:
    """Secret files below the home folder, by the list of their places; nothing is opened."""
    paths = signatures.indicators["credential-paths"].entries
    for one in paths:
        if one.group not in groups or one.value.startswith(("/", "{")):
            continue
        if "/" not in one.value and not one.value.startswith("."):
            continue
        try:
            matches = sorted(home.glob(one.value)) if "*" in one.value else [home / one.value]
            for path in matches:
                if path.exists():
                    yield SecretPlace(one.group, "file", f"~/{path.relative_to(home).as_posix()}")
        except (OSError, ValueError):
            continue


def _variables(
    groups: tuple[str, ...], signatures: Signatures, environ: Mapping[str, str]
) -> Iterator[SecretPlace]:
    names, plain = (signatures.indicators[one] for one in ("secret-variables", "plain-variables"))
    for name in sorted(environ):
        entry = names.match(name)
        if entry is not None and plain.match(name) is None and entry.group in groups:
            yield SecretPlace(entry.group, "variable", name)


def in_project(root: Path) -> tuple[SecretPlace, ...]:
    """Keys of `.env` files at the top of a project, secrets that its pipelines name."""
    return tuple(islice((*_dotenv(root), *_pipelines(root)), _MAX_PLACES))


def _dotenv(root: Path) -> Iterator[SecretPlace]:
    for path in _listed(root):
        if not _DOTENV.fullmatch(path.name) or _EXAMPLE.match(path.name):
            continue
        keys = dict.fromkeys(one.decode("ascii") for one in _KEY.findall(_data(path)))
        yield SecretPlace("dotenv", "file", path.name, shown(path))
        yield from (SecretPlace("dotenv", "key", one, path.name) for one in keys)


def _pipelines(root: Path) -> Iterator[SecretPlace]:
    for folder in _PIPELINES:
        for path in _listed(root / folder):
            if path.suffix in (".yml", ".yaml"):
                text = _data(path).decode("utf-8", "replace")
                for one in dict.fromkeys(_PIPELINE_SECRET.findall(text)):
                    yield SecretPlace("token", "pipeline", one, f"{folder}/{path.name}")


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.is_file() and not one.is_symlink())
    except OSError:
        return []


def _data(path: Path) -> bytes:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            return file.read(_MAX_BYTES)
    except OSError:
        return b""
