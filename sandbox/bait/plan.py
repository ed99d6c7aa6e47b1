"""From a seed to bait: reads the tables in `places/` and fills their templates."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from analyzer.toml import read_toml
from sandbox.bait.draw import Draw
from sandbox.bait.model import Bait, BaitFile, Commit, Profile, Service
from sandbox.bait.persona import make_persona
from sandbox.bait.stores import kdbx_file, leveldb_folder, sqlite_file, tdata_file
from sandbox.bait.template import Filler

_DAY_S = 86_400
_RAW: Mapping[str, Callable[[bytes], bytes]] = {  # formats whose templates give bytes, in Latin-1
    "latin1": bytes,
    "tdf": tdata_file,
    "kdbx": kdbx_file,
}
_PARTS: Mapping[Profile, frozenset[str]] = {
    Profile.PLAIN: frozenset({"plain"}),
    Profile.CI: frozenset({"plain", "ci"}),
    Profile.DEVELOPER: frozenset({"plain", "developer"}),
    Profile.BOTH: frozenset({"plain", "ci", "developer"}),
}


def _parts(profile: Profile, service: Service) -> frozenset[str]:
    """No machine is an agent of two services; one of none is somebody's own."""
    parts = _PARTS[profile]
    if "ci" not in parts:
        return parts
    return parts | {service.value} if service else parts - {"ci"}


@dataclass(frozen=True, slots=True)
class _Place:
    """One entry of the tables; `more` is appended in every second variant."""

    path: str
    text: str
    part: str = "developer"
    format: str = "text"
    mode: int = 0o600
    days: tuple[int, int] = (20, 400)
    more: str = ""


def make_bait(
    seed: bytes,
    profile: Profile,
    *,
    variant: int = 0,
    service: Service = Service.GITHUB,
    extra_environment: Iterable[str] = (),
    project: str = "",
) -> Bait:
    """All bait of one run: the same arguments give the same bytes.

    Variants of one seed share persona and places; their secrets differ in value and, where the
    format allows, in length: what a payload sends must follow. Another `service` changes only
    whose agent a machine of the profiles CI and BOTH seems to be. `extra_environment` names more
    variables to fill with secrets, such as those the crate asks for; `project` is the name of the
    project that is built, if it is not to be made up.
    """
    draw = Draw(seed)
    persona = make_persona(draw.below("persona"), profile)
    persona = replace(persona, project=project or persona.project)
    filler = Filler(draw.below(f"{profile}/{variant}"), persona, variant)
    parts, tables = _parts(profile, service), _tables()
    files = [one for place in tables.files if place.part in parts for one in _files(place, filler)]
    environment = {
        place.path: filler.fill(place.text, f"env:{place.path}")
        for place in tables.variables
        if place.part in parts
    }
    for name in dict.fromkeys(extra_environment):
        if name not in environment:
            environment[name] = filler.fill("{{!<alnum:40+7>}}", f"env:{name}")
    commits = tuple(
        Commit(max(one.age_s for one in changed), filler.fill(message, "{project}/.git"), changed)
        for message, places in tables.commits
        for changed in [tuple(one for place in places for one in _files(place, filler))]
    )
    return Bait(persona, tuple(files), tuple(environment.items()), tuple(filler.decoys), commits)


def _files(place: _Place, filler: Filler) -> Iterator[BaitFile]:
    """The file of an entry, or the files of its folder."""
    encoding = "latin-1" if place.format in _RAW else "utf-8"
    template = place.text + (place.more if filler.variant % 2 else "")
    path = filler.fill(place.path, f"path of {place.path}")
    text = filler.fill(template, path, owner=place.path, encoding=encoding)
    low, high = place.days
    age_s = filler.draw.number(f"{place.path}/age", low * _DAY_S, high * _DAY_S)
    if place.format == "leveldb":
        for name, data in leveldb_folder(text):
            yield BaitFile(f"{path}/{name}", data, place.mode, age_s)
    else:
        data = sqlite_file(text) if place.format == "sqlite" else text.encode(encoding)
        yield BaitFile(path, _RAW.get(place.format, bytes)(data), place.mode, age_s)


@dataclass(frozen=True, slots=True)
class _Tables:
    files: tuple[_Place, ...]
    variables: tuple[_Place, ...]
    commits: tuple[tuple[str, tuple[_Place, ...]], ...]


@functools.cache
def _tables() -> _Tables:
    """All tables beside this module, in the order of their names."""
    folder = Path(__file__).parent / "places"
    tables: list[Mapping[str, Any]] = [
        read_toml(path.read_bytes(), name=path.name) for path in sorted(folder.glob("*.toml"))
    ]
    files = [_place(one) for table in tables for one in table.get("file", [])]
    variables = [
        _Place(name, text, part)
        for table in tables
        for part, group in table.get("variables", {}).items()
        for name, text in group.items()
    ]
    commits = [
        (one["message"], tuple(_place({"days": one["days"], **each}) for each in one["files"]))
        for table in tables
        for one in table.get("commit", [])
    ]
    return _Tables(tuple(files), tuple(variables), tuple(commits))


def _place(entry: Mapping[str, Any]) -> _Place:
    return _Place(**{**entry, "days": tuple(entry.get("days", (20, 400)))})
