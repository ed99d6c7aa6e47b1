"""What a text is known to be: constants folded through bindings, calls, macros and builders.

A value is a row of known texts and holes. What cannot be worked out is a hole, never a guess; a
hole keeps the name of where it came from (`{home}`, `{env:HOME}`) when the catalogue says so.
Steps and sizes are counted, so that the same source gives the same values everywhere.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from analyzer.syntax.format_specs import styled

ONE_OF = "one of several"
"""The step of a value that a field was given at one of several places: callers may tell which."""


_PIECES = 100


class Hole(NamedTuple):
    """An unknown part of a text; `name` says where it comes from, empty if nobody knows."""

    name: str = ""


Part = str | Hole


@dataclass(frozen=True, slots=True)
class Value:
    """A text with holes, or a list (`items`), or a number; `derivation` says how it came about.

    `fields` are those of a struct or of a variant, by name or position; `variant` is its last name.
    """

    parts: tuple[Part, ...] = (Hole(),)
    items: tuple[Value, ...] | None = None
    number: int | None = None
    derivation: tuple[str, ...] = ()
    fields: tuple[tuple[str, Value], ...] = ()
    variant: str = ""

    @property
    def is_constant(self) -> bool:
        """Whether the whole text is known."""
        return not any(isinstance(one, Hole) for one in self.parts)

    @property
    def is_unknown(self) -> bool:
        """Whether nothing at all is known."""
        return self.parts == (Hole(),) and not self.items and not self.variant

    @property
    def is_open(self) -> bool:
        """Whether a part is unknown and nobody knows where it comes from."""
        return Hole() in self.parts and not self.items and not self.variant

    @property
    def text(self) -> str:
        """The text with holes written as `{name}`; a list reads as its items, one after another."""
        if self.items is not None and self.parts == (Hole(),):
            return " ".join(one.text for one in self.items)
        return "".join(f"{{{one.name}}}" if isinstance(one, Hole) else one for one in self.parts)

    def field(self, name: str) -> Value | None:
        """What a field of this struct is known to hold; None where it was given nothing."""
        return next((value for label, value in self.fields if label == name), None)

    def flat(self) -> tuple[Value, ...]:
        """The value's items, or itself."""
        return self.items if self.items is not None else (self,)


UNKNOWN_VALUE = Value()


def constant(text: str, *derivation: str) -> Value:
    """A fully known text."""
    return Value(parts=(text,), derivation=derivation)


def hole(name: str) -> Value:
    """A text of which only the origin is known."""
    return Value(parts=(Hole(name),))


def listed(items: tuple[Value, ...]) -> Value:
    """A list of values; numbers that spell printable text are that text as well."""
    numbers = [one.number for one in items]
    if len(items) >= 4 and all(one is not None and 0 <= one < 256 for one in numbers):
        raw = bytes(one for one in numbers if one is not None)
        try:
            return Value(parts=(raw.decode(),), items=items, derivation=("byte list",))
        except UnicodeDecodeError:
            return Value(parts=(raw.decode("latin-1"),), items=items, derivation=("byte list",))
    return Value(items=items)


def joined(values: tuple[Value, ...], *, between: str = "", step: str = "") -> Value:
    """Texts one after another; a `step` is noted when it took more than one of them."""
    parts: list[Part] = []
    derivation: list[str] = []
    for number, one in enumerate(values):
        if number and between:
            parts.append(between)
        parts += one.parts
        derivation += [step_ for step_ in one.derivation if step_ not in derivation]
    if step and len(values) > 1 and step not in derivation:
        derivation.append(step)
    return Value(parts=_merged(parts), derivation=tuple(derivation))


def _merged(parts: list[Part]) -> tuple[Part, ...]:
    merged: list[Part] = []
    for one in parts:
        if isinstance(one, str) and merged and isinstance(merged[-1], str):
            merged[-1] += one
        elif one != "":
            merged.append(one)
    return tuple(merged) or ("",)


_BETWEEN = re.compile(r"[^\w/~]{0,3}(?<!\.\.)")
_HOST = re.compile(r"[a-z][a-z0-9+.-]*://[^/]+")


def path_joined(base: Value, more: Value) -> Value:
    """`Path::join`: an absolute second path replaces the first; of a URL the host stays."""
    first = more.parts[0]
    if isinstance(first, str) and first.startswith("/"):
        host = _HOST.match(base.parts[0]) if isinstance(base.parts[0], str) else None
        return joined((constant(host[0]), more)) if host is not None else more
    last = base.parts[-1]
    slash = "" if isinstance(last, str) and last.endswith("/") else "/"
    return joined((base, constant(slash), more) if slash else (base, more))


def as_text(value: Value) -> Value:
    """The text that several texts are when they are gathered in one."""
    if value.items is None or any(one.variant for one in value.items):
        return value
    if value.is_constant:
        return replace(value, items=None)
    return joined(value.items, step="join of texts")


def path_of(value: Value) -> Value:
    """The path that its parts make one after another."""
    if value.items is None or value.is_constant:
        return value
    return functools.reduce(path_joined, value.items) if value.items else constant("")


def _mapped(change: Callable[[str], str], step: str, value: Value, _: tuple[Value, ...]) -> Value:
    if not value.is_constant:
        return UNKNOWN_VALUE
    return replace(constant(change(value.text)), derivation=(*value.derivation, step))


def _replace(value: Value, arguments: tuple[Value, ...]) -> Value:
    if len(arguments) < 2 or not all(one.is_constant for one in (value, arguments[0])):
        return UNKNOWN_VALUE
    old, new = arguments[0].text, arguments[1].text
    if not old or len(value.text) * max(1, len(new)) > 100_000:
        return UNKNOWN_VALUE
    if not arguments[1].is_constant:
        pieces = tuple(map(constant, value.text.split(old)[:_PIECES]))
        rows = [row for one in pieces for row in (one, arguments[1])][:-1]
        return joined(tuple(rows), step="replace")
    text = value.text.replace(old, new)
    return replace(constant(text), derivation=(*value.derivation, "replace"))


def _ancestors(value: Value, arguments: tuple[Value, ...]) -> Value:
    """All folders above a place, told as one of them."""
    return UNKNOWN_VALUE if value.is_unknown else listed((_parent(value, arguments),))


def _parent(value: Value, _: tuple[Value, ...]) -> Value:
    last = value.parts[-1]
    if isinstance(last, str) and "/" in last.rstrip("/"):
        return replace(value, parts=(*value.parts[:-1], last.rstrip("/").rpartition("/")[0]))
    return joined((value, constant("/..")))


def _with_extension(value: Value, arguments: tuple[Value, ...]) -> Value:
    last = value.parts[-1]
    if not arguments or not isinstance(last, str):
        return UNKNOWN_VALUE
    folder, slash, name = last.rpartition("/")
    stem = folder + slash + (name.rpartition(".")[0] or name)
    return joined((replace(value, parts=(*value.parts[:-1], stem + ".")), arguments[0]))


def _with_name(value: Value, arguments: tuple[Value, ...]) -> Value:
    return path_joined(_parent(value, ()), arguments[0]) if arguments else UNKNOWN_VALUE


def _join(value: Value, arguments: tuple[Value, ...]) -> Value:
    if value.items is not None and len(arguments) == 1:
        if not arguments[0].is_constant:
            return UNKNOWN_VALUE
        return joined(value.items, between=arguments[0].text, step="join of texts")
    if len(arguments) == 1 and arguments[0].is_constant and _BETWEEN.fullmatch(arguments[0].text):
        return value  # what stands between the pieces of a text
    return path_joined(value, arguments[0]) if len(arguments) == 1 else value


def _concat(value: Value, _: tuple[Value, ...]) -> Value:
    if value.items is not None and not value.is_constant:
        return joined(value.items, step="join of texts")
    return value


def _gathered(value: Value, arguments: tuple[Value, ...]) -> Value:
    """`collect`: characters and pieces to one text; a list of places stays a list."""
    items = value.items or ()
    is_places = any(one.variant or _is_place(one) for one in items)
    return value if is_places else _concat(value, arguments)


def _is_place(value: Value) -> bool:
    first = value.parts[0]
    return len(value.parts) > 1 and isinstance(first, Hole) and first != Hole()


def _parsed(value: Value, _: tuple[Value, ...]) -> Value:
    """`parse`: most types keep the text as it is, a number is one."""
    is_number = value.is_constant and value.text.isdecimal() and len(value.text) < 12
    return replace(value, number=int(value.text)) if is_number else value


def _collect(value: Value, _: tuple[Value, ...]) -> Value:
    return value


def _rev(value: Value, _: tuple[Value, ...]) -> Value:
    if value.items is not None:
        return listed(value.items[::-1])
    if value.is_constant:
        return replace(constant(value.text[::-1]), derivation=(*value.derivation, "reversed"))
    return UNKNOWN_VALUE


def _chain(value: Value, arguments: tuple[Value, ...]) -> Value:
    return listed((*value.flat(), *(one for item in arguments for one in item.flat())))


def _enumerate(value: Value, _: tuple[Value, ...]) -> Value:
    if value.items is None:
        return UNKNOWN_VALUE
    rows = enumerate(value.items)
    return listed(tuple(Value(items=(Value((str(at),), number=at), one)) for at, one in rows))


def _first(value: Value, _: tuple[Value, ...]) -> Value:
    """One of a list's items: any of them may be meant; what each item of an unknown list is."""
    if value.items is None:
        return value
    return value.items[0] if value.items else UNKNOWN_VALUE


def _zip(value: Value, arguments: tuple[Value, ...]) -> Value:
    if value.items is None or not arguments or arguments[0].items is None:
        return UNKNOWN_VALUE
    pairs = zip(value.items, arguments[0].items, strict=False)
    return listed(tuple(Value(items=pair) for pair in pairs))


def _unwrap_or(value: Value, arguments: tuple[Value, ...]) -> Value:
    return value if not value.is_unknown or not arguments else arguments[0]


Method = Callable[[Value, tuple[Value, ...]], Value]

_SAME = """to_string to_owned into clone as_str as_ref as_bytes as_path as_os_str to_path_buf unwrap
expect unwrap_or_default as_mut borrow to_str to_string_lossy into_string into_boxed_str ok ok_or
ok_or_else map_err as_deref iter into_iter chars bytes cloned copied context with_context
to_vec into_bytes into_os_string as_slice leak display by_ref trim_matches into_path_buf
as_encoded_bytes canonicalize clone_from or unwrap_or_else await poll filter flatten err
or_else as_deref_mut borrow_mut into_owned as_ptr as_mut_ptr as_c_str to_bytes as_bytes_with_nul
into_raw try_clone cast cast_mut cast_const""".split()

METHODS: Mapping[str, Method] = {
    **dict.fromkeys(_SAME, _collect),
    "parse": _parsed,
    "join": _join,
    "concat": _concat,
    "collect": _gathered,
    "rev": _rev,
    "chain": _chain,
    "zip": _zip,
    **dict.fromkeys(("find", "first", "last", "next", "nth"), _first),
    "enumerate": _enumerate,
    "into_split": lambda value, _: Value(items=(value, value)),
    "replace": _replace,
    "replacen": _replace,
    "parent": _parent,
    "ancestors": _ancestors,
    "with_extension": _with_extension,
    "with_file_name": _with_name,
    "unwrap_or": _unwrap_or,
    "trim": functools.partial(_mapped, str.strip, "trimmed"),
    "trim_end": functools.partial(_mapped, str.rstrip, "trimmed"),
    "trim_start": functools.partial(_mapped, str.lstrip, "trimmed"),
    "to_lowercase": functools.partial(_mapped, str.lower, "lower case"),
    "to_ascii_lowercase": functools.partial(_mapped, str.lower, "lower case"),
    "to_uppercase": functools.partial(_mapped, str.upper, "upper case"),
    "to_ascii_uppercase": functools.partial(_mapped, str.upper, "upper case"),
}
"""What a method makes of a known receiver, whatever its type; others give a hole."""

CHANGES = frozenset({"push", "push_str", "extend", "extend_from_slice", "set_file_name", "pop"})
"""Methods that change their receiver in place and that folding follows."""


def _octets(value: Value) -> tuple[Value, ...]:
    """What is put behind bytes: a list of bytes, one byte, or a text as its bytes."""
    if value.items is not None or value.number is not None:
        return value.flat()
    return tuple(Value((str(one),), number=one) for one in value.text.encode("utf-8", "replace"))


def changed(value: Value, method: str, arguments: tuple[Value, ...], *, is_path: bool) -> Value:
    """The receiver after `method` changed it."""
    if method == "pop" and not arguments:
        is_place = value.items is None and isinstance(value.parts[0], Hole)
        return _parent(value, ()) if is_place and value.parts != (Hole(),) else UNKNOWN_VALUE
    if not arguments:
        return UNKNOWN_VALUE
    if method == "set_file_name":
        return _with_name(value, arguments)
    if value.items == ():
        if arguments[0].is_unknown:
            return UNKNOWN_VALUE  # bytes, most often, which are run
        is_text = arguments[0].is_constant and len(arguments[0].text) == 1
        value = constant("") if is_text or method != "push" else value
    if value.items is not None:
        more = arguments[0].flat()
        if value.items and value.items[-1].number is not None and arguments[0].is_constant:
            more = _octets(arguments[0])
        return replace(listed((*value.items, *more)), derivation=value.derivation)
    if is_path:
        for one in arguments[0].flat() if method == "extend" else arguments[:1]:
            value = path_joined(value, one)
        return value
    return joined((value, arguments[0]), step="pushed text")


def _styled(value: Value, style: str) -> Value:
    """A value as a format specification shows it; one that asks for parameters is passed over."""
    if value.number is not None and value.items is None:
        shown = styled(value.number, style)
        return replace(constant(shown), derivation=value.derivation) if shown else UNKNOWN_VALUE
    if not value.is_constant or value.items is not None:
        return value
    shown = styled(value.text, style)
    return value if shown is None else replace(value, parts=(shown,))


def formatted(template: str, arguments: tuple[Value, ...], named: Mapping[str, Value]) -> Value:
    """`format!`: positions, names and `{{`; a part with a format specification stays known."""
    parts: list[Value] = []
    position = index = 0
    while index < len(template):
        nearest = [at for at in (template.find("{", index), template.find("}", index)) if at >= 0]
        at = min(nearest, default=len(template))
        parts.append(constant(template[index:at]))
        if template[at : at + 2] in ("{{", "}}"):
            parts.append(constant(template[at]))
            index = at + 2
            continue
        end = template.find("}", at)
        if at >= len(template) or end < 0:
            break
        key, _, style = template[at + 1 : end].partition(":")
        key = key.strip()
        slot = position if not key else int(key) if key.isdecimal() and len(key) < 6 else -1
        position += not key
        if key and not key.isdecimal():
            found = named.get(key, UNKNOWN_VALUE)
        else:
            found = arguments[slot] if 0 <= slot < len(arguments) else UNKNOWN_VALUE
        parts.append(_styled(found, style) if style.strip() else found)
        index = end + 1
    known = [as_text(one) for one in parts if one.parts != ("",)]
    filled = [one for one in known if one.is_constant]
    result = joined(tuple(known) or (constant(""),))
    if len(filled) > 1 and (arguments or named) and result.is_constant:
        return replace(result, derivation=(*result.derivation, "format"))
    return result
