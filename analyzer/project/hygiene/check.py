"""`check`: all of hygiene over one or more projects. The one module that knows every part of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from analyzer.errors import TomlError, YamlError
from analyzer.model import Gap
from analyzer.project.hygiene import github, recipes, systems
from analyzer.project.hygiene.calls import Reader
from analyzer.project.hygiene.judge import judge
from analyzer.project.hygiene.manifests import git_rows, lock_rows
from analyzer.project.hygiene.model import HygieneResult, HygieneRow, Job, Pipeline
from analyzer.project.hygiene.table import Knowledge, load_knowledge
from analyzer.project.hygiene.tree import Tree
from analyzer.project.hygiene.version_control import read_tracked, root_above
from analyzer.project.locks import real
from analyzer.toml import read_toml
from analyzer.yaml import YamlNode, read_yaml

_BY_YAML: dict[str, Callable[[YamlNode, Knowledge], Iterator[Job]]] = {
    "github": github.read,
    "action": github.read_action,
    "gitlab": systems.gitlab,
    "azure": systems.azure,
    "circleci": systems.circleci,
    "woodpecker": systems.woodpecker,
    "buildkite": systems.buildkite,
}
_BY_TEXT: dict[str, Callable[[str, Knowledge], Iterator[Job]]] = {
    "docker": recipes.docker,
    "jenkins": recipes.jenkins,
}
_MAX_TEXT = 64 * 1024
_ENV_FILE = re.compile(r"(?:.*/)?\.env(?:\.(\w+))?")
_CONFIGS = (".cargo/config.toml", ".cargo/config")


def check(paths: Sequence[Path]) -> HygieneResult:
    """Every habit worth changing in the projects that hold these paths.

    A project is the nearest folder upwards with `.git`, else the folder itself. Nothing is run.
    """
    knowledge = load_knowledge()
    roots: dict[Path, Path] = {}
    for path in paths:
        folder = real(path if path.is_dir() else path.parent)
        root = root_above(folder) or folder
        roots.setdefault(root, folder)
    rows: list[HygieneRow] = []
    gaps: list[Gap] = []
    files: list[str] = []
    starts: list[tuple[str, Path]] = []
    for root in roots:
        tree = Tree(root)
        prefix = f"{root.name}/" if len(roots) > 1 else ""
        rows += (replace(one, file=prefix + one.file) for one in _project(tree, knowledge))
        gaps += (replace(one, path=prefix + one.path) for one in tree.gaps)
        files += (prefix + one for one in sorted(tree.read_files))
        starts.append((prefix, root))
    unique = tuple(dict.fromkeys(sorted(rows)))
    return HygieneResult(unique, tuple(gaps), tuple(files), knowledge.digest, tuple(starts))


def _project(tree: Tree, knowledge: Knowledge) -> Iterator[HygieneRow]:
    found = list(tree.files())
    locks = sorted(path for path, sort in found if sort == "lock")
    manifests = sorted(path for path, sort in found if sort == "manifest")
    tracked = read_tracked(tree)
    yield from lock_rows(tree, locks, manifests, tracked, knowledge)
    yield from git_rows(tree, manifests, knowledge)
    for path in sorted(tracked.paths) if tracked else ():
        name = _ENV_FILE.fullmatch(path)
        if name and name[1] not in knowledge.words["env-samples"] and tree.read(path):
            one = knowledge.checks["env-file-committed"]
            yield HygieneRow(path, 0, one.id, one.severity, "git's index holds it")
    reader = Reader(tree, knowledge)
    aliases = _aliases(tree)
    for path, sort in sorted(found):
        pipeline = _pipeline(tree, path, sort, knowledge)
        if pipeline is not None:
            yield from judge(pipeline, reader, aliases)


def _pipeline(tree: Tree, path: str, sort: str, knowledge: Knowledge) -> Pipeline | None:
    """One file as a pipeline; None, with a gap, if it cannot be read."""
    if sort in _BY_TEXT:
        text = tree.text(path) or ""
        if len(text) > _MAX_TEXT:
            tree.gap(f"read to its first {_MAX_TEXT} characters", path)
        return Pipeline(path, sort, tuple(_BY_TEXT[sort](text[:_MAX_TEXT], knowledge)))
    data = tree.read(path) if sort in _BY_YAML else None
    if data is None:
        return None
    try:
        documents = read_yaml(data, name=path)
    except YamlError as error:
        line, _, reason = str(error).removeprefix(path).lstrip(":").partition(": ")
        tree.gap(f"not read: {reason or line}", path, int(line) if line.isdigit() else 0)
        return None
    jobs = tuple(job for one in documents for job in _BY_YAML[sort](one, knowledge))
    return Pipeline(path, sort, jobs)


def _aliases(tree: Tree) -> dict[str, tuple[str, ...]]:
    """Short names of cargo's commands that the project's own settings give."""
    for path in _CONFIGS:
        data = tree.read(path)
        if data is None:
            continue
        try:
            table = read_toml(data, name=path).get("alias")
        except TomlError as error:
            tree.gap(str(error), path)
            continue
        rows = table.items() if isinstance(table, dict) else ()
        return {
            name: tuple(value.split() if isinstance(value, str) else map(str, value))
            for name, value in rows
            if isinstance(value, (str, list))
        }
    return {}
