"""Dockerfiles and Jenkinsfiles as pipelines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from analyzer.project.hygiene.model import Job, Secret, Step
from analyzer.project.hygiene.table import Knowledge

_INSTRUCTION = re.compile(r"\s*([A-Za-z]+)\s+(.*)", re.DOTALL)
_HEREDOC = re.compile(r"<<-?[\"']?(\w{1,60})[\"']?")
_MOUNT = re.compile(r"--mount=type=secret(?:,[\w-]+=[^,\s]*)*")
_MOUNT_ID = re.compile(r"\bid=([^,\s]+)")
_OPTIONS = re.compile(r"(?:--\w[\w-]*(?:=\S*)?\s+)+")
_COPIED = re.compile(r"(?:^|\s)(?:\./)?\.env(?=\s)")
_SHELL = re.compile(
    r"""\b(?:sh|bat|powershell)\s*\(?\s*(?:script\s*:\s*)?"""
    r"""(?:'''(.*?)'''|\"\"\"(.*?)\"\"\"|'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")""",
    re.DOTALL,
)
_BOUND = re.compile(r"(\w{1,100})\s*=\s*credentials\(|ariable\s*:\s*['\"](\w{1,100})['\"]")
_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
_MAX_STEPS = 1000


def docker(text: str, knowledge: Knowledge) -> Iterator[Job]:
    """The stages of a Dockerfile; each RUN is a step, ARG and ENV named like secrets reach all."""
    name, steps = "", list[Step]()
    secrets: tuple[Secret, ...] = ()
    known: tuple[tuple[str, str], ...] = ()
    for word, body, line, end in _instructions(text):
        if word == "FROM":
            yield Job(name, tuple(steps))
            name, steps = body.rpartition(" ")[2], []
            secrets = ()
        elif word in ("ARG", "ENV"):
            pairs = re.findall(r"(\w+)(?:=(\"[^\"]*\"|\S*))?", body)[:50]
            for one, value in pairs[: 1 if word == "ARG" else 50]:
                known += ((one, value.strip('"')),)
                group = knowledge.group_of(one)
                if group and (word == "ARG" or "$" in value):
                    secrets += (Secret(one, group, f"{word} of the image"),)
        elif word == "RUN" and len(steps) < _MAX_STEPS:
            mounted = tuple(
                Secret(found[1], knowledge.group_of(found[1]) or "other", "its step")
                for one in _MOUNT.findall(body)
                if (found := _MOUNT_ID.search(one))
            )
            options = _OPTIONS.match(body)
            script = body[options.end() :] if options else body
            steps.append(Step(line, end, _exec(script), "", "", mounted + secrets, known))
        elif word in ("COPY", "ADD") and _COPIED.search(body):
            steps.append(Step(line, end, f"cp {body}", "", "", (), known))
    yield Job(name, tuple(steps))


def _instructions(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Word, text, first and last line of each instruction; a here-document belongs to it."""
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        start = number
        parts = [lines[number]]
        while parts[-1].rstrip().endswith("\\") and number + 1 < len(lines):
            number += 1
            if not lines[number].lstrip().startswith("#"):
                parts[-1] = parts[-1].rstrip()[:-1]
                parts.append(lines[number])
        ends = _HEREDOC.findall("\n".join(parts))[:1]
        number += 1
        body: list[str] = []
        while ends and number < len(lines) and lines[number].strip() not in ends:
            body.append(lines[number])
            number += 1
        number += bool(ends)
        found = _INSTRUCTION.match("\n".join([" ".join(parts), *body]))
        if found and not parts[0].lstrip().startswith("#"):
            yield found[1].upper(), found[2].strip(), start + 1, number


def _exec(script: str) -> str:
    """A RUN of the form `["program", "word"]` as a shell would write it; of `<<EOF` the text."""
    if script.startswith("<<"):
        return script.partition("\n")[2]
    if script.startswith("["):
        try:
            words = json.loads(script)
        except (ValueError, RecursionError):
            return script
        if isinstance(words, list) and all(isinstance(one, str) for one in words):
            return " ".join(one if one.isalnum() else f"'{one}'" for one in words)
    return script


def jenkins(text: str, knowledge: Knowledge) -> Iterator[Job]:
    """The shell texts of a Jenkinsfile. Its secrets are taken to reach all of it: what a block of
    Groovy covers is not worked out.
    """
    plain = _COMMENT.sub("", text)
    names = [one[0] or one[1] for one in _BOUND.findall(plain)]
    secrets = tuple(
        Secret(one, knowledge.group_of(one) or "other", "the pipeline")
        for one in dict.fromkeys(names)
    )
    steps: list[Step] = []
    for found in _SHELL.finditer(plain):
        script = next((one for one in found.groups() if one is not None), "")
        line = plain.count("\n", 0, found.start()) + 1
        end = line + found[0].count("\n")
        steps.append(Step(line, end, script.replace("\\n", "\n"), "", "", secrets))
        if len(steps) >= _MAX_STEPS:
            break
    yield Job("", tuple(steps))
