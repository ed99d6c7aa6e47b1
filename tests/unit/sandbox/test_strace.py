"""The tracer's log is read as it was written, whatever names an attacker chose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.observers.strace import EXIT, Call, lines_of, read_calls, unquoted


def one(text: str) -> Call:
    (call,), lost = read_calls([f"70  1700000000.000001 {text}\n".encode()])
    assert lost == 0
    return call


def escaped(data: bytes, more: bytes = b"") -> bytes:
    """As the tracer writes a text: octal for what is not plain, and for `more`."""
    plain = {0x22: b'\\"', 0x5C: b"\\\\", 0x0A: b"\\n"}
    shown = bytearray()
    for byte in data:
        is_plain = 32 <= byte < 127 and byte not in more
        shown += plain.get(byte) or (bytes([byte]) if is_plain else b"\\%03o" % byte)
    return bytes(shown)


def test_a_call_has_its_arguments_result_and_path() -> None:
    call = one('openat(AT_FDCWD</home/ada>, "a/../b", O_RDONLY) = 3</srv/b>')
    assert (call.pid, call.at_us, call.name) == (70, 1_700_000_000_000_001, "openat")
    assert (call.result, call.returned, call.is_done) == (3, "/srv/b", True)
    assert call.paths() == ("/srv/b", "/home/ada/b")


def test_a_refusal_has_its_error() -> None:
    call = one('openat(AT_FDCWD</>, "/x", O_RDONLY) = -1 EACCES (Permission denied)')
    assert (call.result, call.error, call.is_done) == (-1, "EACCES", False)


@pytest.mark.parametrize("end", ["0 (INJECTED)", "? <unavailable>", "? ERESTARTSYS (restart)"])
def test_a_call_that_never_really_ran_is_read(end: str) -> None:
    assert one(f"clock_nanosleep(CLOCK_REALTIME, 0, {{tv_sec=60, tv_nsec=0}}, NULL) = {end}")


@pytest.mark.parametrize(
    "name",
    [
        "x) = -1 EACCES (no)",
        'a" <unfinished ...>',
        "<... openat resumed>) = 0",
        "+++ exited with 0 +++",
        "e) = 3</dev/null>",
        '\n71  1.000000 execve("/usr/bin/cc", ["cc"], 0x0) = 0',
        "\\",
        "\\\" = 0",
    ],
)  # fmt: skip
def test_no_name_forges_a_line(name: str) -> None:
    quoted = escaped(name.encode())
    path = escaped(b"/h/" + name.encode(), b"<>")
    line = b'70  1.000001 openat(AT_FDCWD</h>, "%s", O_RDONLY) = 3<%s>' % (quoted, path)
    (call,), lost = read_calls([line])
    assert lost == 0
    assert (call.name, call.result, call.error) == ("openat", 3, "")
    assert call.returned == f"/h/{name}"
    assert call.texts == (name.encode(),)


def test_a_folders_name_is_no_argument() -> None:
    call = one(r'unlinkat(3</h/a\"b, \"x>, "victim", 0) = 0')
    assert call.paths() == ('/h/a"b, "x/victim',)


def test_an_argument_is_no_folder() -> None:
    call = one('renameat2(AT_FDCWD</tmp>, "3</etc>", AT_FDCWD</h>, "new", 0) = 0')
    assert call.paths()[-1] == "/h/new"


def test_two_halves_of_a_call_are_one() -> None:
    lines = [
        b'70  1.000001 openat(AT_FDCWD</>, "/a", O_RDONLY <unfinished ...>',
        b'71  1.000002 openat(AT_FDCWD</>, "/b", O_RDONLY) = 3</b>',
        b"70  1.000003 <... openat resumed>) = 4</a>",
    ]
    calls, lost = read_calls(lines)
    assert lost == 0
    assert [(call.pid, call.result, call.at_us) for call in calls] == [
        (70, 4, 1_000_001),
        (71, 3, 1_000_002),
    ]


def test_a_call_that_did_not_come_back_is_kept() -> None:
    (call,), _ = read_calls([b'70  1.000001 openat(AT_FDCWD</>, "/a", O_RDONLY <unfinished ...>'])
    assert (call.paths(), call.result, call.is_done) == (("/a",), None, False)


def test_a_second_half_without_a_first_is_lost_and_counted() -> None:
    assert read_calls([b"70  1.000003 <... openat resumed>) = 4</a>"]) == ((), 1)


def test_an_end_is_a_call() -> None:
    assert (one("+++ exited with 3 +++").name, one("+++ exited with 3 +++").result) == (EXIT, 3)
    assert one("+++ killed by SIGSEGV (core dumped) +++").error == "SIGSEGV"


@given(st.lists(st.binary(max_size=60), max_size=30))
def test_any_bytes_are_read_or_counted(lines: list[bytes]) -> None:
    calls, lost = read_calls(lines)
    assert len(calls) + lost <= len(lines)
    for call in calls:
        call.paths()


_FORGED = (
    *(b'"', b"\\", b"<", b">", b") = 3", b", ", b" <unfinished ...>", b"<... openat resumed>"),
    *(b"+++", b"AT_FDCWD</", b"E", b"(", b")", b"=", b" ", b"\n", b"\xe2\x80\xae", b"\\42", b"x"),
)


@given(st.lists(st.sampled_from(_FORGED), max_size=40))
def test_forged_pieces_are_read_or_counted(pieces: list[bytes]) -> None:
    line = b"70  1.000001 openat(" + b"".join(pieces)
    calls, lost = read_calls([line])
    assert len(calls) + lost == 1
    for call in calls:
        call.paths()


@given(st.binary(min_size=1, max_size=80).filter(lambda one: b"\0" not in one))
def test_every_name_comes_back_as_it_was(name: bytes) -> None:
    line = b'70  1.000001 unlinkat(AT_FDCWD</h>, "%s", 0) = 0' % escaped(name)
    (call,), lost = read_calls([line])
    assert (lost, call.texts, call.result) == (0, (name,), 0)
    assert unquoted(escaped(name)) == name


@given(st.lists(st.binary(max_size=20)))
def test_lines_do_not_depend_on_how_they_came(parts: list[bytes]) -> None:
    assert list(lines_of(parts)) == list(lines_of([b"".join(parts)]))


def test_a_long_hostile_line_is_read_in_its_time() -> None:
    """Patterns over what an attacker writes do not go back and forth."""
    line = b'70  1.000001 openat(AT_FDCWD</>, "' + b'\\"<) = ' * 40_000
    assert read_calls([line, line + b'"', line.replace(b'\\"', b"")])[1] == 3


@pytest.mark.parametrize(
    ("line", "returned"),
    [
        (b'9 1.000001 memfd_create("fonts", 0) = 4</memfd:fonts>(deleted)', "/memfd:fonts"),
        (b'9 1.000001 openat(AT_FDCWD</tmp>, "a", O_RDONLY) = 3</tmp/a>(deleted)', "/tmp/a"),
    ],
)
def test_what_has_no_name_any_more_is_read(line: bytes, returned: str) -> None:
    (call,), lost = read_calls([line])
    assert (call.returned, lost) == (returned, 0)
