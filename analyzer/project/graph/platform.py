"""Whether a dependency's `target` condition holds for the targets that somebody builds for.

Three answers: yes, no, and None for what a target's name does not tell; that is kept.
Source: the Rust reference on conditional compilation, and `rustc --print cfg` of the targets named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

Values = Mapping[str, frozenset[str]]

_TOKEN = re.compile(r'\s*(?:([A-Za-z_]\w*)|"([^"\\]*)"|([(),=]))')
_MAX_DEPTH = 32
_UNIX = (
    *("ios", "android", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "illumos"),
    *("fuchsia", "haiku", "linux", "redox"),
)
_SYSTEMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    **{one: (one, ("unix",)) for one in _UNIX},
    "windows": ("windows", ("windows",)),
    "darwin": ("macos", ("unix",)),
    "androideabi": ("android", ("unix",)),
    "emscripten": ("emscripten", ("unix", "wasm")),
    "wasi": ("wasi", ("wasm",)),
    "wasip1": ("wasi", ("wasm",)),
    "wasip2": ("wasi", ("wasm",)),
    "none": ("none", ()),
    "uefi": ("uefi", ()),
}
"""A part of a target's name to `target_os` and `target_family`; android stands behind linux."""
_ARCHES = (
    (re.compile(r"i[3-6]86"), "x86"),
    (re.compile(r"x86_64h?"), "x86_64"),
    (re.compile(r"aarch64|arm64"), "aarch64"),
    (re.compile(r"(?:arm|thumb).*"), "arm"),
    (re.compile(r"riscv(?:32|64).*"), ""),
    (re.compile(r"wasm(?:32|64)|s390x|loongarch64"), ""),
    (re.compile(r"powerpc64(?:le)?"), "powerpc64"),
)
_ABIS = ("gnu", "musl", "msvc", "sgx", "uclibc", "newlib")


def holds(condition: str, targets: Sequence[str]) -> bool | None:
    """Whether a condition (a target's name, `cfg(...)` or empty) holds for one of the targets."""
    if not condition or not targets:
        return True if not condition else None
    answers = [_holds(condition, one) for one in targets]
    if True in answers:
        return True
    return None if None in answers else False


def _holds(condition: str, target: str) -> bool | None:
    text = condition.strip()
    if not text.startswith("cfg("):
        return text == target
    tokens = list(_tokens(text))
    if not tokens:
        return None
    reader = _Reader(tokens, _values(target))
    answer = reader.answer(0)
    return answer if reader.is_done else None


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text.rstrip()):
        found = _TOKEN.match(text, place)
        if found is None:
            yield "odd", ""
            return
        place = found.end()
        word, value, sign = found.groups()
        yield ("word", word) if word else ("sign", sign) if sign else ("text", value or "")


class _Reader:
    """Reads one condition; `is_done` is False for what is no condition."""

    def __init__(self, tokens: list[tuple[str, str]], values: Values) -> None:
        self._tokens, self._values = tokens, values
        self._place = 0

    @property
    def is_done(self) -> bool:
        return self._place == len(self._tokens)

    def answer(self, depth: int) -> bool | None:
        """The next predicate's answer; `cfg(...)` itself is read as `all(...)`."""
        kind, word = self._next()
        if kind != "word" or depth > _MAX_DEPTH:
            return self._lost()
        if self._peek() == ("sign", "("):
            return self._joined(word, depth)
        if self._peek() == ("sign", "="):
            self._next()
            kind, value = self._next()
            return self._asked(word, value) if kind == "text" else self._lost()
        return self._asked("target_family", word) if word in ("unix", "windows") else None

    def _joined(self, word: str, depth: int) -> bool | None:
        self._next()
        answers: list[bool | None] = []
        while self._peek() not in (("sign", ")"), ("end", "")):
            answers.append(self.answer(depth + 1))
            if self._peek() == ("sign", ","):
                self._next()
        if self._next() != ("sign", ")"):
            return self._lost()
        if word == "not":
            return None if len(answers) != 1 or answers[0] is None else not answers[0]
        decisive = word == "any"
        if word not in ("all", "any", "cfg") or decisive in answers:
            return decisive if decisive in answers and word in ("all", "any", "cfg") else None
        return None if None in answers else not decisive

    def _asked(self, key: str, value: str) -> bool | None:
        known = self._values.get(key)
        return None if known is None else value in known

    def _peek(self) -> tuple[str, str]:
        return ("end", "") if self.is_done else self._tokens[self._place]

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._place += not self.is_done
        return token

    def _lost(self) -> bool | None:
        """No answer, and none for the whole."""
        self._tokens = [*self._tokens, ("odd", "")]
        self._place = min(self._place, len(self._tokens) - 1)
        return None


def _values(target: str) -> Values:
    """What a target's name tells for sure."""
    first, *parts = target.split("-")
    found: dict[str, frozenset[str]] = {}
    for pattern, arch in _ARCHES:
        if pattern.fullmatch(first):
            name = arch or re.sub(r"(riscv(?:32|64)).*", r"\1", first)
            found["target_arch"] = frozenset({name})
            break
    systems = [_SYSTEMS[one] for one in parts if one in _SYSTEMS]
    if systems:
        system, families = systems[-1]
        found["target_os"], found["target_family"] = frozenset({system}), frozenset(families)
        if system in ("linux", "windows"):
            abi = next((one for one in _ABIS if parts[-1].startswith(one)), None)
            found |= {"target_env": frozenset({abi})} if abi is not None else {}
    elif parts == ["unknown", "unknown"] and first.startswith("wasm"):
        found["target_os"], found["target_family"] = frozenset({"unknown"}), frozenset({"wasm"})
    return found
