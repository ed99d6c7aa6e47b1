"""Plausible answers by the shape of a request. The shapes are data: `answers.toml`."""

from __future__ import annotations

import base64
import binascii
import pkgutil
import re
import time
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from string import Template
from typing import Any
from urllib.parse import parse_qs

from sandbox.guest.sinkhole.dns import Names
from sandbox.guest.sinkhole.http import Answer, Request, websocket
from sandbox.guest.sinkhole.seed import Seed
from sandbox.guest.sinkhole.stages import second_stage

CONTENT = {
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "html": "text/html",
    "xml": "text/xml",
}
MATCHED_CHARACTERS = 2_000
"""No more of a hostile text meets a pattern."""


@dataclass(frozen=True)
class Shape:
    """One entry of the data: what it asks of a request, and what it answers."""

    word: str
    method: re.Pattern[str]
    host: re.Pattern[str]
    path: re.Pattern[str]
    accept: re.Pattern[str]
    body: re.Pattern[str]
    content: str
    template: str
    status: int
    headers: dict[str, str]

    def covers(self, request: Request, host: str) -> bool:
        """Whether this answer fits."""
        asked = f"{request.headers.get('accept', '')} {request.target}"[:MATCHED_CHARACTERS]
        return bool(
            self.method.fullmatch(request.method)
            and self.path.fullmatch(request.path[:MATCHED_CHARACTERS])
            and self.host.fullmatch(host[:255])
            and self.accept.search(asked)
            and self.body.search(request.body[:MATCHED_CHARACTERS].decode("latin-1"))
        )


class Answers:
    """All shapes, filled for one run."""

    def __init__(self, seed: Seed, names: Names, local: str) -> None:
        table = tomllib.loads((pkgutil.get_data(__package__ or "", "answers.toml") or b"").decode())
        self.names, self.seed = names, seed
        names.fixed |= table["names"]
        self.shapes = tuple(_shape(entry) for entry in table["answer"])
        login = "dev-" + seed.token("login", 6).lower()
        self.values = seed.values() | {
            "local": local,
            "login": login,
            "user_id": seed.token("user", 17).upper(),
            "drop_path": seed.token("path", 8),
        }

    def answer(self, request: Request, host: str) -> Answer:
        """The first answer whose shape fits; the last fits everything."""
        if request.method == "CONNECT":
            return Answer("tunnel")
        if request.headers.get("upgrade", "").lower() == "websocket":
            return websocket(request)
        if (message := _dns_message(request)) is not None:
            wire = self.names.reply(message)[1]
            return Answer(
                "dns-over-https", wire, headers={"Content-Type": "application/dns-message"}
            )
        shape = next(one for one in self.shapes if one.covers(request, host))
        if shape.content == "stage":
            body = second_stage(request.path, self.seed.marker)
            return Answer(shape.word, body, headers={"Content-Type": "application/octet-stream"})
        body = Template(shape.template).safe_substitute(self._values(request, host)).encode()
        kind = {"Content-Type": CONTENT[shape.content]} if body else {}
        return Answer(shape.word, body, shape.status, kind | shape.headers)

    def _values(self, request: Request, host: str) -> dict[str, str]:
        now = datetime.now(UTC)
        asked = parse_qs(request.target.partition("?")[2][:MATCHED_CHARACTERS]).get("name", [""])[0]
        asked = re.sub(r"[^\w.-]", "", asked)
        return self.values | {
            "host": re.sub(r"[^\w.:-]", "", host) or "localhost",
            "iso": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "later": (now + timedelta(hours=6)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "unix": str(int(time.time())),
            "weekday": str(now.isoweekday() % 7),
            "asked": asked,
            "asked_address": self.names.address(asked) if asked else "",
        }


def _shape(entry: dict[str, Any]) -> Shape:
    def pattern(name: str, default: str) -> re.Pattern[str]:
        return re.compile(entry.get(name, default), re.DOTALL | re.IGNORECASE)

    content = next((one for one in (*CONTENT, "stage") if one in entry), "text")
    return Shape(
        word=entry["word"],
        method=pattern("method", ".*"),
        host=pattern("host", ".*"),
        path=pattern("path", ".*"),
        accept=pattern("accept", ""),
        body=pattern("body", ""),
        content=content,
        template=str(entry.get(content, "")),
        status=entry.get("status", 200),
        headers=entry.get("headers", {}),
    )


def _dns_message(request: Request) -> bytes | None:
    """A query in wire form, as DNS over HTTPS carries it."""
    if request.headers.get("content-type", "") == "application/dns-message":
        return request.body
    coded = parse_qs(request.target.partition("?")[2][:MATCHED_CHARACTERS]).get("dns", [""])[0]
    if request.path != "/dns-query" or not coded:
        return None
    try:
        return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4))
    except (binascii.Error, ValueError):
        return None
