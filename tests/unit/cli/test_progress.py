from __future__ import annotations

import io
import sys

import pytest

from analyzer.cli.progress import progress


class Terminal(io.StringIO):
    """A stream that a person watches."""

    def isatty(self) -> bool:
        return True


def shown(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, *, is_quiet: bool) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with progress(2, is_quiet=is_quiet) as advance:
        advance("a\x1b]0;owned\x07[bold]")
        advance("b")
    return stream.getvalue()


def test_nothing_is_shown_off_a_terminal_or_when_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(monkeypatch, io.StringIO(), is_quiet=False) == ""
    assert shown(monkeypatch, Terminal(), is_quiet=True) == ""


def test_a_person_sees_how_far_it_is_and_no_command_of_a_crate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = shown(monkeypatch, Terminal(), is_quiet=False)
    assert "2/2" in text
    assert "\x1b]0" not in text


def test_a_closed_standard_error_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with progress(1, is_quiet=False) as advance:
        advance("x")
