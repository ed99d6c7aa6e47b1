"""What a step runs: each command with file and line, through scripts and make or just targets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.project.hygiene.model import Step
from analyzer.project.hygiene.table import Knowledge
from analyzer.project.hygiene.tree import Tree, normal
from analyzer.syntax.shell import Command, commands

_EXPRESSION = re.compile(r"\$\{\{(.{0,400}?)\}\}|\$\[\[(.{0,400}?)\]\]", re.DOTALL)
_ENV_EXPRESSION = re.compile(r"\s*(?:env|variables)\.(\w+)\s*")
_UNKNOWN = "EXPRESSION"
_VARIABLE = re.compile(r"\{env:(\w+)\}")
_MAKEFILES = ("Makefile", "makefile", "GNUmakefile")
_JUSTFILES = ("justfile", "Justfile", ".justfile")
_TARGET = re.compile(r"^([\w./@-]+)(?:[ \t][^:=\n]*)?::?(?!=)[ \t]*([^=\n]*)$")
_MAX_DEPTH = 4
_MAX_CALLS = 4_000
_MAX_SCRIPT = 60_000


@dataclass(frozen=True, slots=True)
class Call:
    """One command: program and words after wrappers are taken off, where it stands."""

    file: str
    line: int
    program: str
    words: tuple[str, ...]
    targets: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether a part is not known before the pipeline runs."""
        return any(_UNKNOWN in one or "{env:" in one for one in self.words)


@dataclass(slots=True)
class Reader:
    """Reads the steps of one project's pipelines; everything it follows is counted."""

    tree: Tree
    knowledge: Knowledge

    def calls(self, path: str, step: Step) -> list[Call]:
        """All that a step of the file at `path` runs, in order."""
        found: list[Call] = []
        lines = (self.tree.text(path) or "").split("\n")
        text = _plain(step.script, dict(step.variables))
        place = _Place(path, lines, step.line, min(step.end_line, len(lines)))
        for one in self._read(text, place, dict(step.variables), 0, set()):
            found.append(one)
            if len(found) >= _MAX_CALLS:
                self.tree.gap(f"more than {_MAX_CALLS} commands in one step", path, step.line)
                break
        return found

    def _read(
        self, text: str, place: _Place, known: Mapping[str, str], depth: int, seen: set[str]
    ) -> Iterator[Call]:
        if len(text) > _MAX_SCRIPT:
            reason = f"a script of over {_MAX_SCRIPT} characters was read to there"
            self.tree.gap(reason, place.file, place.start)
        for command in commands(text[:_MAX_SCRIPT]):
            words = _unwrapped(_known(command.words, known), self.knowledge)
            targets = tuple(x for one in command.redirects for x in _known((one.target,), known))
            if not words and not targets:
                continue
            program = words[0].rpartition("/")[2] if words else ""
            yield Call(place.file, place.find(words, command), program, words, targets)
            if depth >= _MAX_DEPTH:
                self.tree.gap("scripts that call scripts too deeply", place.file, place.start)
            elif words:
                yield from self._followed(program, words, place, known, depth + 1, seen)

    def _followed(
        self,
        program: str,
        words: tuple[str, ...],
        place: _Place,
        known: Mapping[str, str],
        depth: int,
        seen: set[str],
    ) -> Iterator[Call]:
        """What a command's own text, script or target runs."""
        if program in self.knowledge.words["shells"]:
            options = [one for one in words[1:] if one.startswith("-")]
            rest = [one for one in words[1:] if not one.startswith("-")]
            is_text = any(one.endswith("c") and not one.startswith("--") for one in options)
            if is_text and rest:
                yield from self._read(rest[0], place, known, depth, seen)
            elif rest:
                yield from self._script(rest[0], known, depth, seen)
        elif program in (".", "source") and len(words) > 1:
            yield from self._script(words[1], known, depth, seen)
        elif "/" in words[0]:
            yield from self._script(words[0], known, depth, seen)
        elif program in ("make", "gmake", "just"):
            yield from self._recipes(program, words[1:], known, depth, seen)

    def _script(
        self, path: str, known: Mapping[str, str], depth: int, seen: set[str]
    ) -> Iterator[Call]:
        plain = normal(path)
        if plain is None or plain in seen or "{" in path:
            return
        text = self.tree.text(plain)
        if text is None or not _is_shell(plain, text):
            return
        seen.add(plain)
        lines = text.split("\n")
        yield from self._read(text, _Place(plain, lines, 1, len(lines)), known, depth, seen)

    def _recipes(
        self,
        program: str,
        words: tuple[str, ...],
        known: Mapping[str, str],
        depth: int,
        seen: set[str],
    ) -> Iterator[Call]:
        names = _JUSTFILES if program == "just" else _MAKEFILES
        path, text = next(
            ((one, text) for one in names if (text := self.tree.text(one)) is not None), ("", "")
        )
        lines = text.split("\n")
        rules = _rules(lines)
        wanted = [one for one in words if one in rules] or list(rules)[:1]
        while wanted and path:
            name = wanted.pop(0)
            if name not in rules or f"{path}:{name}" in seen:
                continue
            seen.add(f"{path}:{name}")
            needs, start, end = rules[name]
            wanted = [*needs, *wanted]
            body = "\n".join(re.sub(r"^\s+[@-]*", "", one) for one in lines[start:end])
            body = re.sub(r"\$\((\w+)\)|\{\{(\w+)\}\}", r"${\1\2}", body).replace("$(MAKE)", "make")
            set_here = {**_assigned(lines), **known}
            place = _Place(path, lines, start + 1, end)
            yield from self._read(body, place, set_here, depth, seen)


@dataclass(slots=True)
class _Place:
    """Lines of a file that commands are looked for in, in the order they are read."""

    file: str
    lines: list[str]
    start: int
    end: int

    def find(self, words: tuple[str, ...], command: Command) -> int:
        """The first line, from the last one found on, with the first plain words of a command."""
        wanted = [one for one in (words or command.words)[:4] if one.isascii() and "{" not in one]
        wanted = [one.rpartition("/")[2] for one in wanted if _UNKNOWN not in one and one][:3]
        for number in range(self.start, self.end + 1):
            if wanted and all(one in self.lines[number - 1] for one in wanted):
                self.start = number
                return number
        for number in range(self.start, self.end + 1):  # a command over several lines
            if wanted and wanted[0] in self.lines[number - 1].split():
                self.start = number
                return number
        return self.start


def _plain(text: str, known: Mapping[str, str]) -> str:
    """A script without the service's own expressions: known ones put in, others a mark."""

    def one(match: re.Match[str]) -> str:
        name = _ENV_EXPRESSION.fullmatch(match[1] or match[2] or "")
        return known.get(name[1], _UNKNOWN) if name else _UNKNOWN

    return _EXPRESSION.sub(one, text)


def _known(words: tuple[str, ...], known: Mapping[str, str]) -> tuple[str, ...]:
    """Words with the pipeline's own variables put in; one that holds blanks is split as by sh."""
    found: list[str] = []
    for word in words:
        if "{env:" not in word:
            found.append(word)
            continue
        text = _VARIABLE.sub(lambda one: known.get(one[1], one[0])[:2000], word)
        found += _plain(text, known).split() or [""]
    return tuple(found)


def _unwrapped(words: tuple[str, ...], knowledge: Knowledge) -> tuple[str, ...]:
    """Words from the program on that really runs."""
    rest = list(words)
    while rest and rest[0].rpartition("/")[2] in knowledge.words["wrappers"]:
        rest.pop(0)
        while rest and (rest[0].startswith("-") or "=" in rest[0] or rest[0][:1].isdigit()):
            rest.pop(0)
    return tuple(rest)


def _is_shell(path: str, text: str) -> bool:
    first = text.partition("\n")[0]
    has_name = path.endswith((".sh", ".bash", ".zsh"))
    return has_name or (first.startswith("#!") and first.rstrip().endswith("sh"))


def _rules(lines: list[str]) -> dict[str, tuple[list[str], int, int]]:
    """For each target of a make or just file: what it needs, and the lines of its recipe."""
    rules: dict[str, tuple[list[str], int, int]] = {}
    number = 0
    while number < len(lines):
        found = _TARGET.match(lines[number][:1000])
        number += 1
        if found is None:
            continue
        start = number
        while number < len(lines) and (lines[number][:1] in (" ", "\t") or not lines[number]):
            number += 1
        if not found[1].startswith(".") or "/" in found[1]:
            rules.setdefault(found[1], (found[2].split(), start, number))
    return rules


def _assigned(lines: list[str]) -> dict[str, str]:
    found = (re.match(r"^(\w+)[ \t]*[:?]?=[ \t]*(.*)$", one[:1000]) for one in lines)
    return {one[1]: one[2].strip("\"' ") for one in found if one is not None}
