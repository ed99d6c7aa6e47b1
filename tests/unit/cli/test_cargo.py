"""`cargo cratescope`, called as cargo does and by hand."""

from __future__ import annotations

import sys

import pytest

from analyzer.cli.main import cargo
from analyzer.cli.main import main as by_itself


def _ends(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["cargo-cratescope", *arguments])
    with pytest.raises(SystemExit) as ended:
        cargo()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("first", [[], ["cratescope"]], ids=["by hand", "by cargo"])
def test_both_ways_to_call_it_say_how_cargo_is_called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], first: list[str]
) -> None:
    assert _ends(monkeypatch, *first, "audit", "--help") == 0
    assert capsys.readouterr().out.startswith("Usage: cargo cratescope audit ")


def test_only_the_first_word_is_cargos(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ends(monkeypatch, "cratescope", "cratescope") == 2
    assert "No such command 'cratescope'" in capsys.readouterr().err


def test_a_command_of_two_words_offers_no_shell_completion(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ends(monkeypatch, "cratescope", "--help") == 0
    assert "completion" not in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["cratescope", "--help"])
    with pytest.raises(SystemExit):
        by_itself()
    assert "--install-completion" in capsys.readouterr().out
