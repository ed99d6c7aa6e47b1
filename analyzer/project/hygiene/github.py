"""GitHub workflows and composite actions as pipelines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.project.hygiene.model import Job, Secret, Step
from analyzer.project.hygiene.table import Knowledge
from analyzer.yaml import YamlNode

_SECRET = re.compile(r"secrets(?:\.([\w-]{1,100})|\[['\"]([\w-]{1,100})['\"]\])")
_TOKEN = re.compile(r"github\.token\b")
_MAX_STEPS = 1000


def read(root: YamlNode, knowledge: Knowledge) -> Iterator[Job]:
    """The jobs of a workflow."""
    # YAML 1.1 reads a bare `on` as a truth; we keep texts, so that it stays `on`.
    triggers = root.get("on")
    names = {triggers.text, *(one.text for one in triggers.items)}
    names |= {name for name, _ in triggers.named()}
    outer = _secrets(root.get("env"), "the whole pipeline", knowledge)
    plain = _texts(root.get("env"))
    for name, job in root.get("jobs").named():
        inner = outer + _secrets(job.get("env"), "the whole job", knowledge)
        inner += _secrets(job.get("container", "env"), "the whole job", knowledge)
        known = plain + _texts(job.get("env"))
        yield Job(
            name=name,
            steps=tuple(_steps(job.get("steps"), inner, known, knowledge)),
            is_untrusted="pull_request_target" in names,
            is_update=bool(names - {""}) and names <= {"", "schedule", "workflow_dispatch"},
        )


def read_action(root: YamlNode, knowledge: Knowledge) -> Iterator[Job]:
    """A composite action: its steps see what the calling job has, and their own."""
    yield Job(root.get("name").text, tuple(_steps(root.get("runs", "steps"), (), (), knowledge)))


def _steps(
    steps: YamlNode,
    outer: tuple[Secret, ...],
    known: tuple[tuple[str, str], ...],
    knowledge: Knowledge,
) -> Iterator[Step]:
    for one in steps.items[:_MAX_STEPS]:
        script, uses = one.get("run"), one.get("uses")
        at = script if script else uses
        secrets = _secrets(one.get("env"), "its step", knowledge) + outer
        # An expression in the text is put into the script's own text, where any child can see it.
        secrets += tuple(_named("", script.text, "its step", knowledge))
        if uses:
            secrets += _secrets(one.get("with"), "the action", knowledge)
        arguments = " ".join(f"{name}={value.text}" for name, value in one.get("with").named())
        variables = known + _texts(one.get("env"))
        end = max(at.line, at.end_line)
        yield Step(at.line, end, script.text, uses.text, arguments, secrets, variables)


def _texts(env: YamlNode) -> tuple[tuple[str, str], ...]:
    return tuple((name, value.text) for name, value in env.named() if "secrets" not in value.text)


def _secrets(env: YamlNode, reach: str, knowledge: Knowledge) -> tuple[Secret, ...]:
    return tuple(x for name, one in env.named() for x in _named(name, one.text, reach, knowledge))


def _named(name: str, text: str, reach: str, knowledge: Knowledge) -> Iterator[Secret]:
    """Secrets that a text is filled with, with the class that their names tell."""
    for part in text.split("${{")[1:]:
        inside = part.partition("}}")[0][:1000]
        for found in _SECRET.finditer(inside):
            secret = found[1] or found[2]
            shown = secret if secret == "GITHUB_TOKEN" else name or secret
            group = knowledge.group_of(secret) or knowledge.group_of(shown) or "other"
            yield Secret(shown, group, reach)
        if _TOKEN.search(inside):
            yield Secret("GITHUB_TOKEN", "vcs", reach)
