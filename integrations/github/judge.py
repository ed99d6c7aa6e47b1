"""One step of the GitHub action: runs cratescope, and writes reports, summary and outputs.

Everything comes by environment and files, nothing through a shell. What the command prints may hold
text of a crate's author: it goes to the log with workflow commands switched off.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRITTEN = ("json", "markdown", "sarif")
MORE = {"audit": ("html", "jsonl"), "diff": ("jsonl",)}
ENDINGS = {"markdown": "md"}
VERDICTS = {0: "CLEAR", 10: "REVIEW", 20: "BLOCK", 30: "INCOMPLETE"}
FAILING = {
    "review": {"REVIEW", "INCOMPLETE", "BLOCK"},
    "incomplete": {"INCOMPLETE", "BLOCK"},
    "block": {"BLOCK"},
    "never": set[str](),
}
SUMMARY_BYTES = 1_000_000  # of the 1 MiB that a step may write
_COMMIT = re.compile(r"(?!0+\Z)[0-9a-f]{40}", re.ASCII)
_PULL = re.compile(r"refs/pull/\d+/merge", re.ASCII)


class Refused(Exception):
    """A request that makes no sense, in words for the log."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The inputs of the action, checked."""

    command: str
    path: str
    base: str
    is_scanned: bool
    has_advisories: bool
    policy: str
    fail_on: str
    formats: tuple[str, ...]


def wanted(environ: Mapping[str, str]) -> Wanted:
    """Raises Refused for a value that an input cannot have."""
    event = environ.get("GITHUB_EVENT_NAME", "")
    command = _one_of(environ, "command", ("auto", *MORE))
    if command == "auto":
        command = "diff" if event in ("pull_request", "merge_group") else "audit"
    formats = (*WRITTEN, *environ.get("INPUT_FORMAT", "").split())
    for one in formats:
        if one not in (*WRITTEN, *MORE[command]):
            raise Refused(f"format: {command} has {', '.join((*WRITTEN, *MORE[command]))}")
    path = environ.get("INPUT_PATH", "") or "."
    return Wanted(
        command,
        path,
        environ.get("INPUT_BASE", "") or (_base(path, environ) if command == "diff" else ""),
        _one_of(environ, "scan", ("true", "false")) == "true",
        _one_of(environ, "advisories", ("true", "false")) == "true",
        environ.get("INPUT_POLICY", ""),
        _one_of(environ, "fail-on", tuple(FAILING)),
        tuple(dict.fromkeys(formats)),
    )


def _one_of(environ: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    value = environ.get(f"INPUT_{name.upper().replace('-', '_')}", "")
    if value not in known:
        raise Refused(f"{name}: must be one of {', '.join(known)}")
    return value


def _base(path: str, environ: Mapping[str, str]) -> str:
    """The commit before the change: the first parent of what a pull request is checked out as."""
    head = Path(path, ".git", "HEAD")
    is_merge = bool(_PULL.fullmatch(environ.get("GITHUB_REF", "")))
    if is_merge and head.is_file() and head.read_text().strip() == environ.get("GITHUB_SHA"):
        return "HEAD~1"
    event: Any = json.loads(Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    named = (
        event.get("pull_request", {}).get("base", {}).get("sha"),
        event.get("merge_group", {}).get("base_sha"),
        event.get("before"),
    )
    for one in named:
        if isinstance(one, str) and _COMMIT.fullmatch(one):
            return one
    raise Refused("base: the event names no commit to compare with; set the input")


def arguments(one: Wanted, reports: Path) -> list[str]:
    """The words for cratescope: a file of each format, and the report for people to the log."""
    words = [one.command, "--quiet"]
    for name in one.formats:
        words += ["--format", name, "--output", str(report(reports, name))]
    words += ["--format", "human"]
    if one.policy:
        words += ["--policy", one.policy]
    if one.command == "diff":
        return [*words, "--git", f"{one.base}..HEAD", "--", one.path]
    return [*words, *(["--scan"] if one.is_scanned else []), "--", one.path]


def report(reports: Path, name: str) -> Path:
    """The file of one format."""
    return reports / f"cratescope.{ENDINGS.get(name, name)}"


def run(words: list[str]) -> int:
    """The exit code; both streams go to the log, where they can say nothing to it.

    The runner obeys lines that begin with `::` until it is told to stop by a word nobody guesses.
    """
    command = [str(Path(sys.executable).with_name("cratescope")), *words]
    temp = Path(os.environ["RUNNER_TEMP"])
    own = {
        "CRATESCOPE_CACHE_DIR": str(temp / "cratescope-cache"),  # as in action.yml
        "CRATESCOPE_DATA_DIR": str(temp / "cratescope-data"),
    }
    environment = own | os.environ
    word = secrets.token_hex(16)
    print(f"::stop-commands::{word}", flush=True)
    code = subprocess.run(command, env=environment, check=False).returncode
    print(f"\n::{word}::", flush=True)
    return code


def summary(reports: Path) -> str:
    """The summary of the job in Markdown, as large as may be; empty if nothing was judged."""
    file = report(reports, "markdown")
    data = file.read_bytes() if file.is_file() else b""
    if len(data) <= SUMMARY_BYTES:
        return data.decode()
    return data[:SUMMARY_BYTES].decode("utf-8", "ignore") + "\n\n_Cut here._\n"


def main() -> None:
    """Always ends with 0: the last step of the action decides by the output `status`."""
    reports = Path(tempfile.mkdtemp(prefix="cratescope-reports-", dir=os.environ["RUNNER_TEMP"]))
    code, fails = 2, True
    try:
        one = wanted(os.environ)
        if one.has_advisories and run(["db", "update"]):
            print("::warning title=cratescope::advisories could not be fetched, see above")
        code = run(arguments(one, reports))
        verdict = VERDICTS.get(code, "ERROR")
        fails = verdict == "ERROR" or verdict in FAILING[one.fail_on]
        _append("GITHUB_STEP_SUMMARY", summary(reports))
    except Refused as error:
        print(f"::error title=cratescope::{error}", flush=True)
    verdict = VERDICTS.get(code, "ERROR")
    print(f"::{'error' if fails else 'notice'} title=cratescope::{verdict} (exit code {code})")
    status = (code or 1) if fails else 0
    rows = {
        "verdict": verdict,
        "exit-code": code,
        "status": status,
        "reports": reports,
        "sarif": report(reports, "sarif") if report(reports, "sarif").is_file() else "",
    }
    _append("GITHUB_OUTPUT", "".join(f"{name}={value}\n" for name, value in rows.items()))


def _append(variable: str, text: str) -> None:
    with Path(os.environ[variable]).open("a", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
