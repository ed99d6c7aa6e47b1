"""The tracer's log to calls. File names hold what an attacker likes; the tracer quotes them.

Format, strace 6 with `-f -ttt -y`: `PID SECONDS.MICROS name(arguments) = result<path> ERROR (text)`
A call that another process interrupted stands in two lines, which are joined here.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LINE = re.compile(rb"(\d+) +(\d+)\.(\d{6}) (.*)", re.DOTALL)
# The arguments end at the first `) = ` that stands neither in quotes nor in the path of a
# descriptor: a file may be called `x) = -1 EACCES (no`. The tracer escapes quotes and `<>` there.
_CALL = re.compile(
    rb'(\w+)\(((?>"[^"\\]*+(?:\\.[^"\\]*+)*+"|<[^<>]*+>|[^"<)]++|[<)])*?)\)'
    rb" += (-?\d+|\?|0x[0-9a-f]+)"
    rb"(?:<([^<>]*)>(?:\(deleted\))?)?(?: (E[A-Z0-9]+) .*| \([^<>]*\)| <unavailable>)?",
    re.DOTALL,
)
_UNFINISHED = b" <unfinished ...>"
_RESUMED = re.compile(rb"<\.\.\. (\w+) resumed>(.*)", re.DOTALL)
_ENDED = re.compile(rb"\+\+\+ (?:exited with (\d+)|killed by (\w+).*) \+\+\+")
_PARTS = re.compile(rb'"((?:[^"\\]|\\.)*)"|(?:AT_FDCWD|\d+)<([^<>]*)>', re.DOTALL)
_ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|[0-7]{1,3}|.)", re.DOTALL)
_PLAIN = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f", b"a": b"\a", b"b": b"\b"}
_ARGUMENTS_MAX = 65_536
EXIT = "exit"


@dataclass(frozen=True, slots=True)
class Call:
    """One system call. `number` is the line it began in; `result` None: it did not come back.

    `returned` is the path that the kernel really opened; `texts` the quoted arguments.
    """

    number: int
    pid: int
    at_us: int
    name: str
    arguments: bytes
    result: int | None
    returned: str
    error: str

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The quoted arguments, unquoted."""
        return tuple(unquoted(one) for one in self._parts()[0])

    def _parts(self) -> tuple[list[bytes], list[bytes]]:
        """Quoted arguments and folders that they are relative to, none taken out of the other."""
        texts: list[bytes] = []
        folders: list[bytes] = []
        for found in _PARTS.finditer(self.arguments):
            if found[1] is None:
                folders.append(found[2])
            else:
                texts.append(found[1])
        return texts, folders

    @property
    def is_done(self) -> bool:
        """Whether it succeeded."""
        return self.result is not None and self.result >= 0

    def paths(self) -> tuple[str, ...]:
        """The paths named, absolute where the tracer knew the folder; `returned` goes first."""
        found = [self.returned] if self.returned.startswith("/") else []
        texts, folders = self._parts()
        folder = _decoded(unquoted(folders[0])) if folders else ""
        for number, one in enumerate(texts[:2]):
            base = _decoded(unquoted(folders[number])) if number < len(folders) else folder
            found.append(posixpath.normpath(posixpath.join(base, _decoded(unquoted(one)))))
        return tuple(found)


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def unquoted(text: bytes) -> bytes:
    """What stands in quotes, without the tracer's escapes."""
    return _ESCAPE.sub(_unescape, text) if b"\\" in text else text


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code[:1] == b"x" and len(code) == 3:
        return bytes([int(code[1:], 16)])
    if code.isdigit():
        return bytes([int(code, 8) & 255])
    return _PLAIN.get(code, code)


def read_calls(lines: Iterable[bytes]) -> tuple[tuple[Call, ...], int]:
    """All calls in the order they began, and how many lines could not be understood."""
    found: list[Call] = []
    open_calls: dict[int, tuple[int, int, bytes]] = {}
    lost = 0
    for number, line in enumerate(lines):
        match = _LINE.fullmatch(line.rstrip(b"\n"))
        if match is None:
            lost += 1
            continue
        pid, at_us, rest = int(match[1]), int(match[2]) * 1_000_000 + int(match[3]), match[4]
        if rest.endswith(_UNFINISHED):
            open_calls[pid] = (number, at_us, rest[: -len(_UNFINISHED)])
            continue
        began = number
        resumed = _RESUMED.match(rest)
        if resumed is not None:
            if pid not in open_calls:
                lost += 1
                continue
            began, at_us, first = open_calls.pop(pid)
            rest = first + resumed[2]
        call = _call(began, pid, at_us, rest)
        if call is None:
            lost += 1
        else:
            found.append(call)
    # Calls that never came back: their process was ended in the middle.
    for pid, (began, at_us, first) in open_calls.items():
        call = _call(began, pid, at_us, first + b") = ?")
        if call is None:
            lost += 1
        else:
            found.append(call)
    found.sort(key=lambda one: one.number)
    return tuple(found), lost


def _call(number: int, pid: int, at_us: int, rest: bytes) -> Call | None:
    ended = _ENDED.fullmatch(rest)
    if ended is not None:
        code = int(ended[1]) if ended[1] else -1
        return Call(number, pid, at_us, EXIT, b"", code, "", (ended[2] or b"").decode())
    match = _CALL.fullmatch(rest)
    if match is None:
        return None
    name, arguments, result, path, error = match.groups()
    value = None if result == b"?" else int(result, 0)
    return Call(
        number,
        pid,
        at_us,
        name.decode("ascii", "replace"),
        arguments[:_ARGUMENTS_MAX],
        value,
        _decoded(unquoted(path or b"")),
        (error or b"").decode(),
    )


def lines_of(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Lines out of what came in pieces."""
    pending = b""
    for part in parts:
        *whole, pending = (pending + part).split(b"\n")
        yield from whole
    if pending:
        yield pending
