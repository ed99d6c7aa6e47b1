from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from analyzer.cli.explain import explain
from analyzer.errors import UsageError


def run(rule_id: str) -> str:
    app = typer.Typer()
    app.command()(explain)
    result = CliRunner().invoke(app, [rule_id])
    if result.exception is not None:
        raise result.exception
    return result.output


def test_rule_is_explained_with_reason_benign_use_and_samples() -> None:
    output = run("build-uses-network")

    assert "Why: " in output
    assert "Benign: " in output
    assert "Fires on: raw socket" in output
    assert "TcpStream" in output


def test_deceptive_sample_is_shown_escaped() -> None:
    output = run("deceptive-text")

    assert "\u202e" not in output
    assert "\\u{202e}" in output


def test_unknown_rule_is_an_error_that_names_the_nearest() -> None:
    with pytest.raises(UsageError) as error:
        run("near-nmae")

    assert "near-name" in error.value.remedy
