"""What folding needs beside itself: catalogue templates, and locals that change in place."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping

from analyzer.syntax.outline import Node, Outline
from analyzer.syntax.query import between_commas, fields_of_pattern
from analyzer.syntax.values import (
    CHANGES,
    UNKNOWN_VALUE,
    Value,
    constant,
    hole,
    joined,
    listed,
    path_joined,
)

_TRANSPARENT = frozenset({"reference_pattern", "mut_pattern", "ref_pattern", "parameter"})
_NUMBER = re.compile(
    r"(0x[0-9a-f_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*)([iu](?:8|16|32|64|128|size))?"
)
INNER = frozenset(
    "reference_expression try_expression await_expression parenthesized_expression"
    " return_expression expression_statement"
    " else_clause unsafe_block async_block closure_expression".split()
)
SAME_TEXT = frozenset(
    "from new Some Ok from_str from_utf8 from_utf8_lossy from_bytes_with_nul"
    " from_bytes_with_nul_unchecked from_bytes_until_nul from_vec_unchecked from_ptr".split()
)
TEXT_TYPES = frozenset(
    "String PathBuf Path OsString OsStr Cow Box Arc Rc Some Ok str Url Uri CString Bytes Vec"
    " String::from_utf8 Option Result SocketAddr SocketAddrV4 SocketAddrV6 IpAddr Ipv4Addr"
    " CStr LazyLock LazyCell Lazy".split()
)
TEXT_MACROS = frozenset({"format", "concat", "format_args", "const_format", "formatcp", "concatcp"})
SKIPPED = frozenset({"line_comment", "block_comment", "attribute_item"})
FIELDS = ("field_identifier", "integer_literal")
MAX_CHANGES = 1_000
"""Changes of one local in place beyond which the rest of it is unknown."""
PRINTING = frozenset({"println", "print", "eprintln", "eprint", "write", "writeln", "panic"})
_ARGUMENT = re.compile(r"\$(\d)")
_VARIABLE_HOLES: Mapping[str, str] = {"CARGO_MANIFEST_DIR": "manifest", "OUT_DIR": "out"}


def variable_hole(name: str) -> Value:
    """The value of an environment variable."""
    return hole(_VARIABLE_HOLES.get(name, f"env:{name}"))


def from_template(template: str, arguments: tuple[Value, ...]) -> Value:
    """A catalogue's `value`: a text, `{origin}`, `{env:$0}`, `$0` (the argument itself), or
    arguments between texts: `$0:$1`.
    """
    if not template:
        return UNKNOWN_VALUE
    if template == "$0":
        return arguments[0] if arguments else UNKNOWN_VALUE
    if template == "$0/$1":
        return path_joined(*arguments[:2]) if len(arguments) > 1 else UNKNOWN_VALUE
    if template == "{env:$0}":
        known = arguments and arguments[0].is_constant
        return variable_hole(arguments[0].text) if known else hole("env")
    if "$" in template:
        pieces = _ARGUMENT.split(template)
        slots = [arguments[int(one)] if int(one) < len(arguments) else None for one in pieces[1::2]]
        if not all(slots):
            return UNKNOWN_VALUE
        slots = [dotted(one) if one else one for one in slots]
        texts = [constant(one) for one in pieces[::2]]
        rows = [one for pair in zip(texts, (*slots, None), strict=True) for one in pair if one]
        return joined(tuple(rows))
    match = re.fullmatch(r"\{([^{}]*)\}(.*)", template, re.DOTALL)
    if match is None:
        return constant(template)
    return joined((hole(match[1]), constant(match[2]))) if match[2] else hole(match[1])


def dotted(value: Value) -> Value:
    """Four small numbers as the address that they are; any other value as it is."""
    numbers = [one.number for one in value.items or ()]
    if len(numbers) == 4 and all(one is not None and one < 256 for one in numbers):
        return constant(".".join(map(str, numbers)))
    return value


MAX_RETURNS = 4
"""Early returns of a function beyond which no more are looked at."""
ELSE = frozenset(
    "unwrap_or unwrap_or_else or or_else get_or_init get_or_try_init get_or_insert_with then"
    " then_some".split()
)
"""Methods whose closure, function or value speaks where the receiver has nothing."""


def _from_bits(arguments: tuple[Value, ...]) -> Value:
    """An address from one number, or from a list of four."""
    bits = arguments[0].number if arguments else None
    if bits is None or not 0 <= bits < 1 << 32:
        return dotted(arguments[0]) if arguments else UNKNOWN_VALUE
    return constant(".".join(str(bits >> shift & 255) for shift in (24, 16, 8, 0)))


def _from_groups(arguments: tuple[Value, ...]) -> Value:
    """An address of the sixth version from its eight groups."""
    numbers = [one.number for one in arguments]
    if len(numbers) != 8 or not all(one is not None and 0 <= one < 1 << 16 for one in numbers):
        return UNKNOWN_VALUE
    return constant(str(ipaddress.IPv6Address(":".join(f"{one:x}" for one in numbers))))


MADE: Mapping[tuple[str, ...], Callable[[tuple[Value, ...]], Value]] = {
    ("iter", "once"): listed,
    ("Ipv4Addr", "from"): _from_bits,
    ("Ipv4Addr", "from_bits"): _from_bits,
    ("IpAddr", "from"): _from_bits,
    ("Ipv6Addr", "new"): _from_groups,
    ("Vec", "new"): lambda _: Value(items=()),
    ("Vec", "with_capacity"): lambda _: Value(items=()),
    ("io", "split"): lambda arguments: listed(arguments[:1] * 2),
}
"""What functions of the standard library make of values, by the last two names."""


def is_character(arguments: tuple[Value, ...]) -> bool:
    """Whether the first argument is one character: `push` on a text, not on a path."""
    return bool(arguments) and arguments[0].is_constant and len(arguments[0].text) == 1


def changes_in(outline: Outline) -> dict[tuple[int, str], list[tuple[int, str, Node]]]:
    """Calls that change a local in place, by function and name, in byte order."""
    table: dict[tuple[int, str], list[tuple[int, str, Node]]] = {}
    for node, scope in outline.of("call_expression"):
        function = node.child_by_field_name("function")
        if function is None or function.type != "field_expression":
            continue
        receiver, field = (function.child_by_field_name(one) for one in ("value", "field"))
        if receiver is None or field is None or receiver.type != "identifier":
            continue
        method = outline.text(field)
        if method in CHANGES:
            row = (node.end_byte - 1, method, node)
            table.setdefault((scope.function, outline.text(receiver)), []).append(row)
    return table


def destructured(outline: Outline, pattern: Node, value: Value) -> dict[str, Value]:
    """What the names of a pattern stand for; those that are not known are left out."""
    found: dict[str, Value] = {}
    pending = [(pattern, value)]
    while pending:
        node, held = pending.pop()
        if node.type in ("identifier", "shorthand_field_identifier"):
            found |= {} if held.is_unknown else {outline.text(node): held}
        elif node.type in ("tuple_pattern", "slice_pattern"):
            pending += zip(between_commas(node), held.items or (), strict=False)
        elif node.type in _TRANSPARENT and node.named_children:
            inner = node.child_by_field_name("pattern") or node.named_children[-1]
            pending.append((inner, held))
        elif held.variant:
            for field, inner in fields_of_pattern(outline.data, node):
                part = held.field(field) if field else None
                pending += [(inner, part)] if part is not None else []
    return found


def number(text: str) -> Value:
    """The value of an integer literal, with its suffix and underscores."""
    found = integer_literal(text)
    return Value(parts=(str(found[0]),), number=found[0]) if found else UNKNOWN_VALUE


def integer_literal(text: str) -> tuple[int, str] | None:
    """An integer literal's number and its suffix, which may be empty; None for anything else."""
    match = _NUMBER.fullmatch(text.lower()[:80])
    if match is None:
        return None
    digits = match[1].replace("_", "")
    return int(digits, 0 if digits[1:2].isalpha() else 10), match[2] or ""


# Hostile blanks and brackets must cost no more than honest ones: nothing here is tried twice.
_INDEX = rb"\s*+(?:\[[^\]]{0,400}+\]\s*+)?"
_REWRITTEN = re.compile(
    _INDEX + rb"(?:[-+*/%^|&]|<<|>>)=|\[[^\]]{0,400}+\]\s*+=[^=>]"
    rb"|\s*+\.\s*+(?:iter_mut|reverse|swap|rotate_left|rotate_right|truncate|insert|chunks_mut"
    rb"|sort\w*|retain\w*|dedup\w*|drain|resize|splice|split_off|fill|write_str|write_char"
    rb"|make_ascii_\w+|as_mut_slice|copy_from_slice|clone_from_slice|chunks_exact_mut|split_at_mut"
    rb"|get_mut|first_mut|last_mut|remove|swap_remove|clear)\b"
)
_STORED = re.compile(_INDEX + rb"=(?![=>])")
_CALLED = re.compile(
    _INDEX + rb"\.\s*+(?:push|push_str|extend|append|extend_from_slice|insert_str|pop"
    rb"|remove|clear|fill|copy_from_slice|clone_from_slice|retain|drain|resize|as_mut|write_str"
    rb"|write_all|write_char|sort\w*|dedup\w*|splice|split_off|push_back|push_front|for_each|next)\b"
)
_WRITTEN = re.compile(rb"\s*+\.\s*+write_\w+")
_LENT = re.compile(rb"(?:&mut\s+|\bwrite(?:ln)?!\s*\(\s*)\Z")


def _mentions(data: bytes, name: str) -> Iterator[tuple[int, int]]:
    """Where a name stands as a whole word."""
    raw = name.encode()
    start = data.find(raw)
    while start >= 0:
        end = start + len(raw)
        before, after = data[start - 1 : start], data[end : end + 1]
        if not (before.isalnum() or before == b"_" or after.isalnum() or after == b"_"):
            yield start, end
        start = data.find(raw, end)


def is_rewritten(outline: Outline, name: str, start: int, end: int) -> bool:
    """Whether a local is changed between two positions in a way that folding does not follow."""
    between = outline.data[start : min(end, start + 4_000)]
    return any(_REWRITTEN.match(between, at) for _, at in _mentions(between, name))


def is_filled(outline: Outline, name: str, start: int, end: int) -> bool:
    """Whether a local is lent between two positions to what may fill it."""
    between = outline.data[start : min(end, start + 4_000)]
    mentions = _mentions(between, name)
    return any(
        _LENT.search(between, max(0, at - 40), at) or _WRITTEN.match(between, end)
        for at, end in mentions
    )


def is_lent(outline: Outline, name: str, start: int, end: int) -> bool:
    """Whether a local is lent between two positions to a function that may change it."""
    between = outline.data[start : min(end, start + 4_000)]
    if b"&mut" not in between and b"write" not in between:
        return False
    mentions = _mentions(between, name)
    return any(_LENT.search(between, max(0, at - 40), at) for at, _ in mentions)


def is_changed(code: bytes, name: str) -> bool:
    """Whether code may change a local."""
    return any(
        pattern.match(code, end)
        for start, end in _mentions(code, name)
        for pattern in (_REWRITTEN, _STORED, _CALLED)
    ) or any(_LENT.search(code, max(0, start - 40), start) for start, _ in _mentions(code, name))


def is_repeated(node: Node, start: int) -> bool:
    """Whether a node stands in a loop that begins behind a position."""
    around = node.parent
    while around is not None and around.start_byte > start:
        if around.type in ("for_expression", "while_expression", "loop_expression"):
            return True
        around = around.parent
    return False


def returned(outline: Outline, body: Node) -> list[Node | None]:
    """What a function's own `return` statements give."""
    inside = (one for one, _ in outline.of("return_expression"))
    rows = [one for one in inside if body.start_byte <= one.start_byte < body.end_byte]
    return [one.named_children[0] for one in rows[:MAX_RETURNS] if one.named_children]
