"""Words that stand for power: catalogued names, and names that a crate makes from them.

Patterns run over code without comments and texts (`flat.py`). A word too many costs time only; a
word too few hides a fact.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import re2

from analyzer.model import FactKind
from analyzer.signatures import Api

_CRATES = frozenset({"std", "core", "alloc"})
_NEUTRAL = ("guard.", "trigger.")
_ALWAYS = (
    rb"\blink_section\b",
    rb"\b(?:asm|global_asm|naked_asm|include_str|include_bytes|env|option_env)\s*!",
    rb"(?:b?   \s*,\s*){16}",
)
"""What speaks without any name of the catalogue: load-time code, compile-time reads, lists of
characters."""
_NAME = rb"[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*"
_WORD = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")
_USE_PART = re.compile(rb"[A-Za-z0-9_\x80-\xff]+|[{},*]")
_USE_DEPTH = 32
_EXTERN = re.compile(rb"extern(?<!\wextern)\s+crate\s+(?:r#)?(\w+)\s+as\s+(?:r#)?(\w+)")
_LOADED = re.compile(rb"\[\s*(?:\w+\s*::\s*)?[cd]tor\b[^{};]*\bfn\b")
# `extern(?<!\wextern)`, not `\bextern`: what begins with letters is found many times faster.
_EXTERN_BLOCK = re.compile(rb"extern(?<!\wextern)\s*(?:\"[^\"]*\"\s*)?\{([^{}]*)\}")
_DECLARED = re.compile(rb"\bfn\s+(?:r#)?(\w+)")
_TYPE = re.compile(rb"type(?<!\wtype)\s+(?:r#)?(" + _NAME + rb")[^=;{]*=([^;]*)")
_NOTHING = rb"[^\x00-\xff]"
_LAST_WORD = re.compile(rb"(\w+)\W*\Z")


def compiled(pattern: bytes) -> re2._Regexp:
    """A linear-time pattern over bytes, with room for many words."""
    options = re2.Options()
    options.max_mem = 64 << 20
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(pattern, options)


_OWN_GLOB = compiled(rb"\buse\b[^;]*\b(?:super|crate|self)\b[^;]*\*")
_FEW = 8
"""So few functions of the system under other names may also be handed on without being called."""
_HANDED_ON = compiled(rb"\bpub\b[^;{}]{0,40}\buse\b[^;{}]*\b(?:super|crate|self)\b[^;{}]*\*")
"""A module that hands on all names of another."""


def is_powerful(api: Api) -> bool:
    """Whether a call of it gives a fact that says more than a condition."""
    kinds = {one for one in api.facts if one is FactKind.GUARD_HOST or not one.startswith(_NEUTRAL)}
    return bool(kinds - {FactKind.MENTION}) or (bool(kinds) and api.subject == "'private-key'")


def _is_telling_name(api: Api) -> bool:
    return api.is_loose and is_powerful(api)


class Aliases(NamedTuple):
    """Names that a file binds to power: for itself, and for whoever looks into it.

    `places` are where it does that.
    """

    own: frozenset[str]
    shared: frozenset[str]
    has_glob: bool
    places: tuple[int, ...]


NO_ALIASES = Aliases(frozenset(), frozenset(), has_glob=False, places=())


class Vocabulary:
    """What the catalogue itself says: built once for a set of signatures."""

    def __init__(self, apis: Mapping[str, Api], parameters: Iterable[str] = ()) -> None:
        """`parameters` are names that functions give to keys they are handed."""
        self._handed = compiled(rb"\b(?:%b)\s*:" % (_any(set(parameters)) or _NOTHING))
        self._symbols = {
            path.rpartition("::")[2].encode()
            for path, api in apis.items()
            if path.startswith("libc::") and is_powerful(api)
        }
        self.crates = {
            path.partition("::")[0] for path, api in apis.items() if is_powerful(api)
        } - _CRATES
        self.macros: dict[str, set[str]] = {}
        self._children: dict[tuple[str, ...], set[str]] = {}
        self._brought: dict[str, set[str]] = {}
        modules: set[str] = set()
        names: set[str] = set()
        loose = {path.rpartition("::")[2] for path, api in apis.items() if _is_telling_name(api)}
        carrying: set[str] = set()
        for path, api in apis.items():
            parts = path.split("::")
            if path.endswith("!") and (api.facts or api.value):
                self.macros.setdefault(parts[0], set()).add(parts[-1].rstrip("!"))
            if not is_powerful(api):
                continue
            owner = parts[:-1] if _is_type(parts[-2]) else parts
            if parts[0] != "std":
                self._brought.setdefault(parts[0], set()).update(owner[1:])
            elif not (api.is_method and parts[-1] in loose):
                carrying |= {parts[-2]} if api.is_method else set()
                for end in range(1, len(owner)):
                    self._children.setdefault(tuple(owner[:end]), set()).add(owner[end])
                modules.add(owner[-2])
                names.add(owner[-1])
        modules.discard("std")
        self.modules = frozenset(modules)
        self._bare = frozenset(one.encode() for one in names - carrying)
        self.always = compiled(
            rb"|".join(
                (
                    rb"\b(?:%b)\s*::\s*(?:r#)?(?:(?:%b)\b|[{*])" % (_any(modules), _any(names)),
                    rb"\.\s*(?:r#)?(?:%b)\s*\(" % _any(loose or {"_"}),
                    *_ALWAYS,
                )
            )
        )

    def heads(self, code: bytes) -> list[int]:
        """Where functions begin that run by themselves, or that are handed a key."""
        loaded = [match.end() - 1 for match in _LOADED.finditer(code)]
        return loaded + [match.start() for match in self._handed.finditer(code)]

    def linked(self, code: bytes) -> tuple[list[int], set[str]]:
        """Blocks that declare functions of the system, and how calls of those begin."""
        places: list[int] = []
        names: set[str] = set()
        for block in _EXTERN_BLOCK.finditer(code) if b"extern" in code else ():
            declared = set(_DECLARED.findall(block[1]))
            if b"link_name" not in block[1]:
                declared &= self._symbols
            if declared:
                places.append(block.start())
                names |= {f"{one.decode('utf-8', 'replace')}(" for one in declared}
                if b"link_name" in block[1] and len(declared) <= _FEW:
                    names |= {one.decode("utf-8", "replace") for one in declared}
        return places, names

    def carries(self, hit: bytes) -> bool:
        """Whether what was found may have methods that give facts: a field of that type matters,
        a field of type `File` does not.
        """
        last = _LAST_WORD.search(hit)
        return last is None or last[1] not in self._bare

    def holds(self, path: tuple[str, ...], words: frozenset[str]) -> bool:
        """Whether a path leads to power, or to what may hold it."""
        if any({one, f"{one}(", f"{one}!"} & words for one in path):
            return True
        if path[0] in _CRATES:
            full = ("std", *path[1:])
            return full in self._children or full[-1] in self._children.get(full[:-1], ())
        return any(
            one in self.modules and after in self._children.get(("std", one), ())
            for one, after in itertools.pairwise(path)
        )

    def names_in(self, path: tuple[str, ...], crates: Mapping[str, str]) -> set[str]:
        """What a glob of a path brings; from another crate (`crates` by the name that it has here),
        all that is catalogued of it.
        """
        if path[0] in _CRATES:
            return self._children.get(("std", *path[1:]), set()) - self.modules
        return self._brought.get(crates.get(path[0], path[0]), set())

    def aliases(
        self,
        code: bytes,
        words: frozenset[str],
        crates: Mapping[str, str],
        new: frozenset[str] | None = None,
    ) -> Aliases:
        """What `use`, `extern crate` and `type` bind to power; `words` hold power already, and
        `new` ones among them do so since the code was looked at before.
        """
        own: set[str] = set()
        shared: set[str] = set()
        places: list[int] = []
        quick = self.uses(words if new is None else new, is_first=new is None)
        for statement in quick.finditer(code):
            text = code[statement.start() + 3 : statement.end()]
            is_public = code[max(0, statement.start() - 60) : statement.start()].rstrip()
            target = shared if is_public.endswith((b"pub", b")")) else own
            for path, name in _leaves(text):
                if self.holds(path, words):
                    places.append(statement.start())
                    found = self.names_in(path, crates) if name == "*" else {name}
                    target |= found
                    if name not in ("*", path[-1]):
                        shared |= found  # a new name may be handed on by a glob
        has_glob = b"*" in code and _OWN_GLOB.search(code) is not None
        if has_glob and new is None:
            places += [one.start() for one in _HANDED_ON.finditer(code)]
        if b"extern" in code:
            renamed = [(_text(one[1]), _text(one[2])) for one in _EXTERN.finditer(code)]
            shared |= {new for name, new in renamed if name in words or name in _CRATES}
        if b"type" in code:
            shared |= self._types(
                code, own | shared, words if new is None else new, is_first=new is None
            )
        never = self.modules | _CRATES | {"self", "super", "crate", "_"}
        kept = (frozenset(own | shared) - never, frozenset(shared) - never)
        return Aliases(*kept, has_glob, tuple(places))

    def _types(
        self, code: bytes, bound: set[str], words: frozenset[str], *, is_first: bool
    ) -> set[str]:
        """Types that stand for one of these words or, the first time, for what is catalogued."""
        asked = [self.named(words)] * bool(words)
        asked += [self.always] * (is_first and self.always.search(code) is not None)
        return {
            _text(one[1])
            for one in (_TYPE.finditer(code) if asked or bound else ())
            if any(pattern.search(one[2]) for pattern in asked)
            or not bound.isdisjoint(map(_text, _WORD.findall(one[2])))
        }

    @functools.lru_cache(maxsize=8)  # noqa: B019  # one vocabulary lives as long as the process
    def uses(self, words: frozenset[str], *, is_first: bool) -> re2._Regexp:
        """`use` statements that may bind these words, and the first time what is catalogued."""
        plain = {one.strip(".(!").rpartition("::")[2] for one in words}
        roots = _any(plain | self.modules | _CRATES if is_first else plain)
        return compiled(rb"\buse\b[^;]*\b(?:%b)\b[^;]*" % roots)

    @functools.lru_cache(maxsize=16)  # noqa: B019
    def named(self, words: frozenset[str]) -> re2._Regexp:
        """Where code says one of these words.

        `.x` is a field or method, `x(` a function, `T::x` an associated one, `x!` a macro.
        """
        plain = {one for one in words if one[0] != "." and one[-1] not in "(!" and ":" not in one}
        parts: list[bytes] = []
        for one in sorted(words):
            owner, colons, name = one.partition("::")
            if colons:
                form = rb"\b(?:%b|Self)\s*(?:::\s*<[^;{}]*>\s*)?::\s*(?:r#)?%b\b"
                parts.append(form % (re.escape(owner.encode()), re.escape(name.encode())))
        for form, chosen in (
            (rb"\b(?:%b)\b", plain),
            (rb"\.\s*(?:r#)?(?:%b)\b", {one[1:] for one in words if one[0] == "."}),
            (
                rb"\b(?:%b)\s*(?:::\s*<[^;{}]*>\s*)?\(",
                {one[:-1] for one in words if one[-1] == "("},
            ),
            (rb"\b(?:%b)\s*!", {one[:-1] for one in words if one[-1] == "!"}),
        ):
            if chosen:
                parts.append(form % _any(chosen))
        return compiled(rb"|".join(parts) or _NOTHING)


def _text(word: bytes) -> str:
    return word.decode("utf-8", "replace")


def _is_type(name: str) -> bool:
    return name[:1].isupper()


def _any(words: Iterable[str]) -> bytes:
    return b"|".join(re.escape(one.encode()) for one in sorted(words))


def _leaves(text: bytes) -> Iterator[tuple[tuple[str, ...], str]]:
    """Path and bound name of each leaf of a `use` tree; the name of a glob is `*`.

    Deeper than any honest one, a tree is cut off: what it binds is then read as words.
    """
    stack: list[tuple[str, ...]] = [()]
    path: tuple[str, ...] = ()
    name, is_alias = "", False
    for part in [*_USE_PART.findall(text.replace(b"r#", b"")), b","]:
        word = part.decode("utf-8", "replace")
        if len(stack) > _USE_DEPTH or len(path) > _USE_DEPTH:
            path, stack = ("std", "fs"), [("std", "fs")]
        if word == "{":
            stack.append(path)
        elif word in ("}", ","):
            if name and path:
                yield path, name
            if word == "}" and len(stack) > 1:
                stack.pop()
            path, name, is_alias = stack[-1], "", False
        elif word == "as":
            is_alias = True
        elif is_alias or word == "*":
            name = word
        else:
            path = path if word == "self" and path else (*path, word)
            name = path[-1]
