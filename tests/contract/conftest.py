"""A stand-in for the machine that runs a composite action, and for the service it talks to."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

ROOT = Path(__file__).parents[2]
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass
class Runner:
    """Runs the `run` steps of action.yml under bash, with the variables that a runner sets.

    `action` is the folder the action was fetched to, `workspace` where the project lies.
    """

    action: Path
    workspace: Path
    temp: Path
    event_name: str = "push"
    event: Mapping[str, Any] = field(default_factory=dict)
    ref: str = "refs/heads/main"
    sha: str = "0" * 40
    api_url: str = "http://127.0.0.1:1"
    log: str = ""
    environments: dict[str, dict[str, str]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        file = self.temp / "summary.md"
        return file.read_text() if file.exists() else ""

    def run(self, *, skip: tuple[str, ...] = (), **inputs: str) -> int:
        """The exit code of the first step that fails, else 0."""
        document = yaml.safe_load((self.action / "action.yml").read_text())
        known = {one: str(row.get("default", "")) for one, row in document["inputs"].items()}
        given = (
            known
            | {"advisories": "false"}
            | {one.replace("_", "-"): value for one, value in inputs.items()}
        )
        for number, step in enumerate(document["runs"]["steps"]):
            if "uses" in step or step["name"] in skip or not self._is_wanted(step, given):
                continue
            code = self._step(number, step, given)
            if code:
                return code
        return 0

    def _is_wanted(self, step: Mapping[str, Any], given: Mapping[str, str]) -> bool:
        """Conditions are comparisons joined by `&&`; any other would be a KeyError here."""
        parts = [one.split(" == ") for one in step.get("if", "").split(" && ") if one]
        return all(self._value(left, given) == right.strip("'") for left, right in parts)

    def _value(self, expression: str, given: Mapping[str, str]) -> str:
        known = {
            "github.event_name": self.event_name,
            "github.token": "github-token",
            "runner.temp": str(self.temp),
            **{f"inputs.{one}": value for one, value in given.items()},
            **{f"steps.judge.outputs.{one}": value for one, value in self.outputs.items()},
        }
        return known[expression]

    def _filled(self, text: str, given: Mapping[str, str]) -> str:
        filled = _EXPRESSION.sub(lambda found: self._value(found[1], given), text)
        return self._filled(filled, given) if _EXPRESSION.search(filled) else filled

    def _step(self, number: int, step: Mapping[str, Any], given: Mapping[str, str]) -> int:
        assert step["shell"] == "bash"
        script, output = self.temp / f"{number}.sh", self.temp / f"{number}.out"
        script.write_text(step["run"])
        output.touch()
        (self.temp / "event.json").write_text(json.dumps(self.event))
        own = {one: self._filled(text, given) for one, text in step.get("env", {}).items()}
        self.environments[step["name"]] = own
        plain = {key: it for key, it in os.environ.items() if key != "CRATESCOPE_CACHE_DIR"}
        environment = plain | {
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_API_URL": self.api_url,
            "GITHUB_EVENT_NAME": self.event_name,
            "GITHUB_EVENT_PATH": str(self.temp / "event.json"),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REF": self.ref,
            "GITHUB_REPOSITORY": "owner/project",
            "GITHUB_SHA": self.sha,
            "GITHUB_STEP_SUMMARY": str(self.temp / "summary.md"),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            **own,
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.workspace,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.log += done.stdout
        if step.get("id") == "judge":
            lines = output.read_text().splitlines()
            self.outputs |= dict(one.split("=", 1) for one in lines)
        return done.returncode


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """A runner whose action is this checkout, with what is installed here in its `.venv`."""
    action, workspace, temp = (tmp_path / one for one in ("action", "workspace", "temp"))
    for one in (action, workspace, temp):
        one.mkdir()
    (action / "action.yml").symlink_to(ROOT / "action.yml")
    (action / "integrations").symlink_to(ROOT / "integrations")
    (action / ".venv").symlink_to(sys.prefix)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("CRATESCOPE_JOBS", "1")
    return Runner(action, workspace, temp)


@dataclass
class Service:
    """Comments of one pull request, and the requests that came."""

    url: str = ""
    status: int = 0
    comments: list[dict[str, Any]] = field(default_factory=list)
    seen: list[tuple[str, str, str]] = field(default_factory=list)

    def comment(self, author: str, body: str) -> None:
        row = {"id": len(self.comments) + 1, "user": {"login": author}, "body": body}
        self.comments.append(row)


class _Handler(BaseHTTPRequestHandler):
    service: ClassVar[Service]

    def _answer(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        sent = json.loads(self.rfile.read(size)) if size else {}
        path, _, query = self.path.partition("?")
        one = self.service
        one.seen.append((self.command, path, self.headers.get("Authorization", "")))
        result: object = {}
        if one.status == 0 and self.command == "GET":
            page = int(re.search(r"\bpage=(\d+)", query)[1])  # type: ignore[index]  # always there
            result = one.comments[(page - 1) * 100 : page * 100]
        elif one.status == 0 and self.command == "POST":
            one.comment("github-actions[bot]", sent["body"])
        elif one.status == 0:
            one.comments[int(path.rpartition("/")[2]) - 1]["body"] = sent["body"]
        data = json.dumps(result).encode()
        self.send_response(one.status or 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def service() -> Iterator[Service]:
    """The comments of a pull request behind the service's programming interface."""
    service = Service()
    handler = type("_Own", (_Handler,), {"service": service})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        service.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield service
        server.shutdown()
