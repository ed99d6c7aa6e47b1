"""The shape of the project: what imports what, what the wheel holds, sizes, forbidden words."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from analyzer.config import DEFAULT_DOWNLOAD, DEFAULT_INDEX

ROOT = Path(__file__).parents[2]
PACKAGES = ("analyzer", "sandbox", "gate")
PRODUCT = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))


def test_imports_point_one_way() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_wheel_holds_packages_and_signatures_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(tmp_path), "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {one.split("/")[0] for one in names if ".dist-info" not in one} == set(PACKAGES)
    shipped = {one.removeprefix("analyzer/_signatures/") for one in names if "_signatures" in one}
    wanted = {
        one.relative_to(ROOT / "signatures").as_posix()
        for one in (ROOT / "signatures").rglob("*")
        if one.is_file()
    }
    assert shipped == wanted
    assert "analyzer/report/schemas/report-v1.json" in names


@pytest.mark.parametrize("path", PRODUCT, ids=lambda one: one.relative_to(ROOT).as_posix())
def test_modules_are_short_and_say_what_they_are(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    assert text.count("\n") <= 400
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


def test_public_endpoints_stand_in_one_module() -> None:
    hosts = {one.split("/")[2] for one in (DEFAULT_INDEX, DEFAULT_DOWNLOAD)}
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\0")
    found = {
        name
        for name in tracked
        if name and (ROOT / name).is_file()
        for host in hosts
        if host.encode() in (ROOT / name).read_bytes()
    }
    assert found <= {"analyzer/config.py"}


def test_values_of_a_report_survive_hashing_and_pickling() -> None:
    import pickle  # our own value, in one process

    from analyzer.model import Context, Fact, FactKind, Span

    fact = Fact(FactKind.FILE_READ, "x", Span("a.rs", 1))
    assert pickle.loads(pickle.dumps(fact)) == fact  # as above
    assert hash(fact) == hash(Fact(FactKind.FILE_READ, "x", Span("a.rs", 1)))
    assert hash(Context()) == hash(Context())
