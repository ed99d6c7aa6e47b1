"""From what pipelines do to rows: one judgment for all systems."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from analyzer.model import Severity
from analyzer.project.hygiene.calls import Call, Reader
from analyzer.project.hygiene.cargo import (
    CargoCall,
    cargo_call,
    env_file,
    installed,
    is_run_after_download,
    is_toolchain,
)
from analyzer.project.hygiene.model import PIPELINE_TOKENS, HygieneRow, Job, Pipeline, Secret, Step
from analyzer.project.hygiene.table import Knowledge

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHOWN = 6
_REGISTRY = "registry"


def judge(
    pipeline: Pipeline, reader: Reader, aliases: Mapping[str, tuple[str, ...]]
) -> Iterator[HygieneRow]:
    """The rows of one pipeline."""
    for job in pipeline.jobs:
        yield from _Judge(pipeline.path, job, reader, aliases).rows()


@dataclass(slots=True)
class _Judge:
    """One job, step by step: what earlier steps locked holds for later ones."""

    path: str
    job: Job
    reader: Reader
    aliases: Mapping[str, tuple[str, ...]]
    is_locked: bool = False
    is_building: bool = False
    handed: list[Secret] = field(default_factory=list)

    @property
    def knowledge(self) -> Knowledge:
        """The checks and words."""
        return self.reader.knowledge

    def rows(self) -> Iterator[HygieneRow]:
        """All rows of the job."""
        for step in self.job.steps:
            calls = self.reader.calls(self.path, step) if step.script else []
            yield from self._texts(step, calls)
            cargo = [x for one in calls if (x := cargo_call(one, self.aliases, self.knowledge))]
            for one in cargo:
                yield from self._cargo(one)
            yield from self._secrets(step, cargo)
        if self.is_building and self.job.is_untrusted:
            yield self._untrusted()
        if self.is_building and self.handed:
            yield from self._actions()

    def _untrusted(self) -> HygieneRow:
        """Worst where the proposed change is checked out; else only what is merged is built."""
        marks = ("pull_request.head", "github.head_ref", "refs/pull", "gh pr checkout")
        for step in self.job.steps:
            if any(one in step.arguments or one in step.script for one in marks):
                text = "cargo builds the proposed change on pull_request_target"
                return self._row("untrusted-build", self.path, step.line, text)
        text = "cargo runs on pull_request_target, on what is merged already"
        line = self.job.steps[0].line
        return self._row("untrusted-build", self.path, line, text, Severity.INFO)

    def _row(
        self, check: str, file: str, line: int, text: str, severity: Severity | None = None
    ) -> HygieneRow:
        known = self.knowledge.checks[check]
        return HygieneRow(file, line, check, severity or known.severity, text, self.job.name)

    def _at(self, check: str, call: Call, text: str) -> HygieneRow:
        return self._row(check, call.file, call.line, text)

    # Commands ---------------------------------------------------------------------------------

    def _texts(self, step: Step, calls: Sequence[Call]) -> Iterator[HygieneRow]:
        """Downloads that run at once, and `.env` files."""
        for first, second in itertools.pairwise(calls):
            is_inner = second.program in self.knowledge.words["downloads"]
            get, run = (second, first) if is_inner else (first, second)
            if is_run_after_download(get, run, self.knowledge):
                is_own = is_toolchain(get, self.knowledge)
                check = "toolchain-download-run" if is_own else "download-run"
                yield self._at(check, get, f"{get.program} hands what it gets to {run.program}")
        for one in calls:
            name = env_file(one, self.knowledge)
            if name:
                yield self._at("env-file-used", one, f"{one.program or 'the shell'} with {name}")
        name = step.uses.partition("@")[0].casefold()
        if any(one in name for one in self.knowledge.words["dotenv-actions"]):
            yield self._row("env-file-used", self.path, step.line, f"{name} makes or reads one")

    def _cargo(self, one: CargoCall) -> Iterator[HygieneRow]:
        said = f"cargo {' '.join((one.verb, *one.words))}"[:160]
        if one.verb == "update" and "--dry-run" not in one.words:
            severity = Severity.INFO if self.job.is_update else None
            yield self._row("update-in-pipeline", one.call.file, one.call.line, said, severity)
        elif one.verb == "install":
            yield from self._install(one, said)
        elif one.is_locking and one.is_locked:
            self.is_locked = True
        elif one.is_locking and not self.is_locked:
            severity = Severity.INFO if one.call.is_open else None
            unless = " (unless a part that is known only at run time adds --locked)"
            said += unless if one.call.is_open else ""
            yield self._row("build-unlocked", one.call.file, one.call.line, said, severity)

    def _install(self, one: CargoCall, said: str) -> Iterator[HygieneRow]:
        newest = installed(one)
        if newest:
            also = "" if one.is_locked else "; without --locked what it depends on is newest, too"
            yield self._at("install-newest", one.call, said + also)
        elif newest is not None and not one.is_locked:
            yield self._at("install-unlocked", one.call, said)

    # Secrets ----------------------------------------------------------------------------------

    def _secrets(self, step: Step, cargo: Sequence[CargoCall]) -> Iterator[HygieneRow]:
        """A row for a step whose secrets reach what cargo compiles."""
        compiling = [one for one in cargo if one.is_compiling]
        name = step.uses.partition("@")[0].casefold()
        is_action = name in self.knowledge.words["cargo-actions"]
        self.is_building |= bool(compiling) or is_action
        if not (compiling or is_action):
            return
        first = compiling[0].call if compiling else Call(self.path, step.line, name, (name,))
        secrets = tuple(dict.fromkeys(step.secrets))
        self.handed += secrets
        tokens = [one for one in secrets if one.name in PIPELINE_TOKENS]
        others = [one for one in secrets if one.name not in PIPELINE_TOKENS]
        if tokens:
            yield self._at(
                "pipeline-token-in-build", first, f"{_said(first)} can read {_listed(tokens)}"
            )
        if not others:
            return
        is_publish = bool(compiling) and all(
            one.verb in ("publish", "package") for one in compiling
        )
        if is_publish and all(one.group == _REGISTRY for one in others):
            if not all("--no-verify" in one.words for one in compiling):
                yield self._at(
                    "secret-in-publish", first, f"{_said(first)} can read {_listed(others)}"
                )
            return
        yield self._at("secret-in-build", first, f"{_said(first)} can read {_listed(others)}")

    def _actions(self) -> Iterator[HygieneRow]:
        """Actions of third parties that are not pinned, in a job that builds with secrets."""
        for step in self.job.steps:
            name, _, at = step.uses.partition("@")
            owner = name.partition("/")[0]
            is_own = not owner or owner == "." or "://" in name
            if is_own or owner in self.knowledge.words["own-actions"] or _COMMIT.fullmatch(at):
                continue
            yield self._row("action-unpinned", self.path, step.line, f"{name} at {at or 'nothing'}")


def _said(call: Call) -> str:
    return " ".join(call.words[:3]) if call.words else call.program


def _listed(secrets: Sequence[Secret]) -> str:
    shown = [f"{one.name} ({one.group}, from {one.reach})" for one in secrets[:_SHOWN]]
    more = f" and {len(secrets) - _SHOWN} more" if len(secrets) > _SHOWN else ""
    return ", ".join(shown) + more
