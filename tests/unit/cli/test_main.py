from __future__ import annotations

import errno
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer

import analyzer.cli.main
from analyzer import __version__
from analyzer.errors import (
    ChecksumMismatch,
    CratescopeError,
    InternalError,
    RegistryUnreachable,
    UnknownCrate,
)

from .conftest import THEFT, MakeFolder, Run

CALL = "import sys; from analyzer.cli.main import main; main()"


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-c", CALL, *map(str, arguments)]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make the next command end by this error."""

    def plant(error: BaseException) -> None:
        def fail(_arguments: list[str], *, completes: bool) -> typer.Typer:
            raise error

        monkeypatch.setattr(analyzer.cli.main, "build", fail)

    return plant


def test_help_names_every_command(run: Run) -> None:
    done = run("--help")
    assert done.code == 0
    for name in ("audit", "doctor", "explain", "rules", "scan"):
        assert f"\n  {name} " in done.out
    assert "..." not in done.out.replace("[ARGS]...", "")


def test_help_loads_no_command_and_nothing_heavy() -> None:
    watch = "import atexit, sys; atexit.register(lambda: print(*sys.modules)); " + CALL
    done = subprocess.run(
        [sys.executable, "-c", watch, "--help"], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"rich", "httpx", "tree_sitter", "re2", "analyzer.cli.scan", "docker"}


def test_json_path_never_loads_rich(make_folder: MakeFolder) -> None:
    watch = "import atexit, sys; atexit.register(lambda: print(*sys.modules)); " + CALL
    arguments = ["scan", str(make_folder("plain")), "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-c", watch, *arguments], capture_output=True, text=True, check=True
    )
    assert not set(done.stdout.split()) & {"rich", "httpx", "tree_sitter"}


def test_version_is_said(run: Run) -> None:
    assert run("--version").out == f"cratescope {__version__}\n"


def test_bare_command_shows_help_and_is_a_wrong_use(run: Run) -> None:
    done = run()
    assert (done.code, done.out) == (2, "")
    assert "Usage: cratescope" in done.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["scam"], "scan"),
        (["scan"], "Missing argument"),
        (["scan", "x", "--fomat", "json"], "--format"),
        (["scan", "x", "--jobs", "many"], "--jobs"),
        (["scan", "x", "--jobs", "0"], "at least 1"),
        (["scan", "x", "--format", "xml"], "human, json, jsonl"),
        (["scan", "no such crate!"], "cratescope: error: "),
        (["scan", "./nowhere"], "no such file or folder"),
        (["scan", "x", "--registry", "ftp://x"], "sparse"),
        (["scan", "pkg:cargo/x?repository_url=nobody://x"], "sparse"),
        (["explain", "near-nmae"], "near-name"),
        (["rules", "lst"], "list"),
    ],
)
def test_a_wrong_request_is_one_line_and_code_2(run: Run, arguments: list[str], says: str) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith("cratescope: error: ")
    assert done.err.count("\n") == 1
    assert says in done.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownCrate("no x", remedy="try y"), 2),
        (RegistryUnreachable("no network", remedy="try y"), 30),
        (ChecksumMismatch("other bytes", expected="a", actual="b", remedy="try y"), 20),
        (InternalError("broken", remedy="try y"), 1),
    ],
)
def test_errors_of_ours_are_one_line_with_their_code(
    run: Run, failing: Callable[[BaseException], None], error: CratescopeError, code: int
) -> None:
    failing(error)
    done = run("scan")
    assert done.code == code
    assert done.err == f"cratescope: error: {error}; try y\n"


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "no space left"),
        (PermissionError(errno.EACCES, "Permission denied", "a\x1bb"), 1, r"a\u{1b}b: Permission"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 1, "nobody reads"),
        (ZeroDivisionError("a\x1b[2J\nb"), 1, r"ZeroDivisionError: a\u{1b}[2J b; please report"),
        (RecursionError("deep"), 1, "internal error"),
        (MemoryError(), 1, "internal error"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_any_other_end_is_one_line_and_no_traceback(
    run: Run,
    failing: Callable[[BaseException], None],
    error: BaseException,
    code: int,
    says: str,
) -> None:
    failing(error)
    done = run("scan")
    assert done.code == code
    assert says in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("how", ["variable", "option"])
def test_a_traceback_is_there_for_who_asks(
    run: Run, failing: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    failing(ZeroDivisionError("x"))
    if how == "variable":
        monkeypatch.setenv("CRATESCOPE_DEBUG", "1")
    assert "Traceback" in run("scan", *(["-vv"] if how == "option" else [])).err


def test_a_reader_that_leaves_does_not_change_the_verdict(make_folder: MakeFolder) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        command("scan", make_folder("thief", THEFT), "--quiet"),
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (20, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    "arguments", [["scan", "{}", "-q"], ["--help"], ["rules", "list"]], ids=str
)
def test_a_full_disk_is_one_line_and_code_1(make_folder: MakeFolder, arguments: list[str]) -> None:
    folder = make_folder("plain")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command(*(one.format(folder) for one in arguments)),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith("cratescope: error: no space left")
    assert done.stderr.count("\n") == 1


def test_ctrl_c_ends_workers_and_the_run_by_130(make_folder: MakeFolder) -> None:
    strike = "import os, signal, analyzer.cli.scan as scan\n"
    strike += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job may ignore it
    strike += "scan.prepare = lambda _: os.kill(os.getpid(), signal.SIGINT)\n"
    done = subprocess.run(
        [sys.executable, "-c", strike + CALL, "scan", str(make_folder("plain"))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert "Traceback" not in done.stderr


def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / f"plugged_{name}.py").write_text(
        "import typer\napp = typer.Typer()\n"
        "@app.command()\ndef greet() -> None:\n    typer.echo('hello')\n"
        "@app.command()\ndef other() -> None:\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    points = importlib.metadata.EntryPoints(
        [EntryPoint(name, f"plugged_{name}:app", "cratescope.commands")]
    )
    monkeypatch.setattr(analyzer.cli.main, "entry_points", lambda group: points)


def test_other_packages_add_commands(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(tmp_path, monkeypatch, "gate")
    assert "\n  gate " in run("--help").out
    assert run("gate", "greet").out == "hello\n"


def test_other_packages_never_replace_a_command(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(tmp_path, monkeypatch, "scan")
    assert run("scan", "greet!").code == 2
    assert "plugged_scan" not in sys.modules


@pytest.mark.parametrize(
    ("words", "wanted"),
    [("sc", "scan"), ("scan --format j", "jsonl"), ("explain near-n", "near-name")],
)
def test_the_shell_completes(words: str, wanted: str) -> None:
    asked = {"COMP_WORDS": f"cratescope {words}", "COMP_CWORD": str(len(words.split()))}
    done = subprocess.run(
        command(),
        env=os.environ | asked | {"_CRATESCOPE_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert wanted in done.stdout.split()
