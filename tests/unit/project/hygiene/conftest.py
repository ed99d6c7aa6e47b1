from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from dulwich import porcelain

from analyzer.project.hygiene import HygieneResult, check

MANIFEST = '[package]\nname = "own"\nversion = "0.1.0"\n'
LOCK = 'version = 4\n\n[[package]]\nname = "own"\nversion = "0.1.0"\n'
Made = Callable[..., HygieneResult]


@pytest.fixture
def project(tmp_path: Path) -> Made:
    """Checks a project with a program, a committed lock, and these files."""

    def made(
        files: dict[str, str] | None = None, *, tracked: tuple[str, ...] = ()
    ) -> HygieneResult:
        whole = {"Cargo.toml": MANIFEST, "Cargo.lock": LOCK, "src/main.rs": "fn main() {}\n"}
        for name, text in {**whole, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        porcelain.init(str(tmp_path)).close()
        porcelain.add(str(tmp_path), [str(tmp_path / one) for one in ("Cargo.lock", *tracked)])
        return check([tmp_path])

    return made
