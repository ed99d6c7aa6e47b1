"""What a build did in the sandbox, beside the facts that rules match: for people to look at."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.model.facts import Fact, Gap


@dataclass(frozen=True, slots=True)
class Stage:
    """One program that was run for its whole tree of children. `outcome`: ended or time-out.

    `code` is its exit code; `mode` how it was watched and answered, in words.
    """

    name: str
    mode: str
    outcome: str
    code: int
    took_ms: int
    cpu_ms: int


@dataclass(frozen=True, slots=True)
class ObservedProcess:
    """A process that did something worth a line, or leads to one that did.

    `owner` says which part of which package it belongs to; times count from the run's start.
    """

    stage: str
    pid: int
    parent: int
    at_ms: int
    owner: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Payload:
    """What was sent to one place at once. `data` is hex, its first bytes; `text` is it decoded as
    far as it could be; `decoys` say which planted secrets it holds, and in which encoding.

    `is_readable` is false where only sizes and times are known (TLS with a pinned certificate).
    """

    stage: str
    at_ms: int
    protocol: str
    endpoint: str
    owner: str
    size_bytes: int
    data: str
    text: str
    is_readable: bool
    answer: str
    decoys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """A run of the sandbox. `image` is the engine's id of the image, `altered` what we changed in
    the build so that it would show itself, `profile` whose machine it believed to be on.
    """

    image: str
    toolchain: str
    profile: str
    stages: tuple[Stage, ...] = ()
    processes: tuple[ObservedProcess, ...] = ()
    payloads: tuple[Payload, ...] = ()
    lookups: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """What an observed build showed; without `observation` there was no run.

    `compiled`: catalogued functions that the compiler lists in the crate's own code, whether or
    not they ran.
    """

    facts: tuple[Fact, ...] = ()
    gaps: tuple[Gap, ...] = ()
    observation: Observation | None = None
    compiled: tuple[Fact, ...] = ()
