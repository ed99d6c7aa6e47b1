"""Pipelines of GitLab, Azure, CircleCI, Woodpecker, Drone and Buildkite as jobs and steps."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.project.hygiene.model import Job, Secret, Step
from analyzer.project.hygiene.table import Knowledge
from analyzer.yaml import NOTHING, YamlNode

Variables = tuple[tuple[str, str], ...]
_MAX_STEPS = 1000
_MAX_EXTENDS = 8
_REFERENCE = "!reference"
_GITLAB_WORDS = frozenset(
    "default include stages variables workflow image services cache before_script after_script "
    "spec pages:deploy".split()
)


def gitlab(root: YamlNode, knowledge: Knowledge) -> Iterator[Job]:
    """Jobs of a GitLab pipeline, templates put in; hidden jobs (`.name`) only through those."""
    shared, plain = _variables(root.get("variables"), "the whole pipeline", knowledge)
    for name, job in root.named():
        if name in _GITLAB_WORDS or name.startswith(".") or not job.pairs:
            continue
        own, more = _variables(_inherited(root, job, "variables"), "the whole job", knowledge)
        own += tuple(
            Secret(one, knowledge.group_of(one) or "other", "the whole job")
            for key in ("secrets", "id_tokens")
            for one, _ in _inherited(root, job, key).named()
        )
        scripts = [
            _inherited(root, job, "before_script")
            or root.get("default", "before_script")
            or root.get("before_script"),
            _inherited(root, job, "script"),
            _inherited(root, job, "after_script"),
        ]
        steps = [
            Step(one.line, one.end_line, one.text, "", "", shared + own, plain + more)
            for script in scripts
            for one in _flat(script, root)
        ]
        yield Job(name, tuple(steps))


def _inherited(root: YamlNode, job: YamlNode, key: str) -> YamlNode:
    """A key of a job, or of the templates it extends; the last named wins, as GitLab has it."""
    pending, left = [job], _MAX_EXTENDS
    while pending and left:
        one, left = pending.pop(0), left - 1
        found = one.get(key)
        if found:
            return found
        parents = one.get("extends")
        pending += [root.get(x.text) for x in reversed(parents.items or (parents,)) if x]
    return NOTHING


def _flat(script: YamlNode, root: YamlNode) -> Iterator[YamlNode]:
    """The texts of a script: lists in lists, and what `!reference [job, key]` names."""
    pending, left = [script], _MAX_STEPS
    while pending and left:
        one, left = pending.pop(0), left - 1
        if one.tag == _REFERENCE:
            pending.insert(0, root.get(*(x.text for x in one.items)))
        elif one.items:
            pending[:0] = one.items[:_MAX_STEPS]
        elif one.text:
            yield one


def azure(root: YamlNode, knowledge: Knowledge) -> Iterator[Job]:
    """Jobs of an Azure pipeline: stages, jobs, or steps at the top."""
    stages = root.get("stages").items or (root,)
    for stage in stages[:_MAX_STEPS]:
        for job in (stage.get("jobs").items or (stage,))[:_MAX_STEPS]:
            steps = (
                job.get("steps").items or job.get("strategy", "runOnce", "deploy", "steps").items
            )
            known = _azure_texts(root.get("variables")) + _azure_texts(job.get("variables"))
            name = (job.get("job") or job.get("deployment") or stage.get("stage")).text
            yield Job(name, tuple(_azure_step(one, known, knowledge) for one in steps[:_MAX_STEPS]))


def _azure_step(one: YamlNode, known: Variables, knowledge: Knowledge) -> Step:
    texts = [one.get(key) for key in ("script", "bash", "pwsh", "powershell")]
    task = one.get("task")
    script = next((x for x in texts if x), one.get("inputs", "script"))
    at = script if script else task
    secrets, more = _variables(one.get("env"), "its step", knowledge)
    return Step(at.line, max(at.line, at.end_line), script.text, "", "", secrets, known + more)


def _azure_texts(node: YamlNode) -> Variables:
    listed = ((one.get("name").text, one.get("value").text) for one in node.items)
    return (*((name, one.text) for name, one in node.named()), *listed)


def circleci(root: YamlNode, knowledge: Knowledge) -> Iterator[Job]:
    """Jobs of CircleCI, with the contexts that workflows give them: sets of secrets by name."""
    contexts: dict[str, list[str]] = {}
    for _, workflow in root.get("workflows").named():
        for entry in workflow.get("jobs").items[:_MAX_STEPS]:
            for name, options in entry.named():
                one = options.get("context")
                contexts.setdefault(name, []).extend(x.text for x in one.items or (one,) if x)
    for name, job in root.get("jobs").named():
        outer, known = _variables(job.get("environment"), "the whole job", knowledge)
        outer += tuple(
            Secret(f"context {one}", "other", "the whole job")
            for one in dict.fromkeys(contexts.get(name, ()))
        )
        steps = _circle_steps(job.get("steps"), root, outer, known, knowledge)
        yield Job(name, tuple(steps))


def _circle_steps(
    steps: YamlNode,
    root: YamlNode,
    outer: tuple[Secret, ...],
    known: Variables,
    knowledge: Knowledge,
) -> Iterator[Step]:
    pending = list(steps.items[:_MAX_STEPS])
    left = _MAX_STEPS
    while pending and left:
        one, left = pending.pop(0), left - 1
        called = root.get("commands", one.text or next((x for x, _ in one.named()), ""))
        if called:
            pending[:0] = called.get("steps").items[:_MAX_STEPS]
            continue
        run = one.get("run")
        script = run.get("command") or run
        secrets, more = _variables(run.get("environment"), "its step", knowledge)
        if script.text:
            line, end = script.line, script.end_line
            yield Step(line, end, script.text, "", "", secrets + outer, known + more)


def woodpecker(root: YamlNode, knowledge: Knowledge) -> Iterator[Job]:
    """The steps of Woodpecker and Drone: a list or a mapping of containers."""
    steps = root.get("steps") or root.get("pipeline")
    entries = [*((one.get("name").text, one) for one in steps.items), *steps.named()]
    for name, one in entries[:_MAX_STEPS]:
        env = one.get("environment")
        secrets, known = _variables(env, "its step", knowledge)
        handed = [(x, y.get("from_secret").text) for x, y in env.named() if y.get("from_secret")]
        for part in one.get("secrets").items:
            source = (part.get("source") or part).text
            handed.append(((part.get("target") or part).text.upper(), source))
        for variable, secret in handed:
            group = knowledge.group_of(variable) or knowledge.group_of(secret) or "other"
            secrets += (Secret(variable, group, "its step"),)
        script = [*_flat(one.get("commands"), root)]
        yield Job(
            name,
            tuple(Step(x.line, x.end_line, x.text, "", "", secrets, known) for x in script),
        )


def buildkite(root: YamlNode, knowledge: Knowledge) -> Iterator[Job]:
    """The command steps of Buildkite, groups opened."""
    outer, plain = _variables(root.get("env"), "the whole pipeline", knowledge)
    pending, left = list((root.get("steps") or root).items), _MAX_STEPS
    while pending and left:
        one, left = pending.pop(0), left - 1
        pending[:0] = one.get("steps").items[:_MAX_STEPS]
        secrets, known = _variables(one.get("env"), "its step", knowledge)
        for part in one.get("secrets").items:
            secrets += (Secret(part.text, knowledge.group_of(part.text) or "other", "its step"),)
        texts = [*_flat(one.get("command"), root), *_flat(one.get("commands"), root)]
        name = (one.get("label") or one.get("key")).text
        yield Job(
            name,
            tuple(
                Step(x.line, x.end_line, x.text, "", "", secrets + outer, plain + known)
                for x in texts
            ),
        )


def _variables(
    env: YamlNode, reach: str, knowledge: Knowledge
) -> tuple[tuple[Secret, ...], Variables]:
    """Secrets among variables, told by name where the value comes from elsewhere; plain texts.

    A value that stands in the file is no secret that a pipeline hands out (`postgres://localhost`).
    """
    secrets: list[Secret] = []
    plain: list[tuple[str, str]] = []
    pairs = [*env.named(), *(pair for one in env.items for pair in one.named())]
    for name, value in pairs[:_MAX_STEPS]:
        text = value.text or value.get("value").text
        group = knowledge.group_of(name)
        if group and "$" in text:
            secrets.append(Secret(name, group, reach))
        elif text:
            plain.append((name, text))
    return tuple(secrets), tuple(plain)
