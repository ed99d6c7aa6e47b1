"""Who sent what: what the sinkhole recorded, joined with what the tracer saw."""

from __future__ import annotations

import re

from analyzer.model import Payload
from sandbox.conduct import Conduct, Contact
from sandbox.lineage import Process
from sandbox.network import Exchange

_SHOWN_BYTES, _TEXT_CHARACTERS = 2_048, 1_000
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\n]")


class Owners:
    """Whose a connection or a question was, by what the tracer saw."""

    def __init__(self, conduct: Conduct) -> None:
        self._queries = conduct.queries
        self._contacts: dict[tuple[str, int], list[Contact]] = {}
        for one in conduct.contacts:
            self._contacts.setdefault((one.address, one.port), []).append(one)

    def asked(self, name: str) -> Process | None:
        """Who sent a question for this name."""
        wire = b"".join(bytes([len(one)]) + one for one in name.encode().split(b".") if one)
        for text, process in self._queries:
            if wire.lower() in text.lower():
                return process
        return None

    def reached(self, one: Exchange) -> Process | None:
        """Who connected there last before it came in."""
        rows = self._contacts.get((one.address, one.port), [])
        before = [row for row in rows if row.at_ms <= one.at_ms + 50]
        return (before or rows)[-1].process if rows else None


def payload_of(
    one: Exchange, stage: str, at_ms: int, owner: str, decoys: tuple[str, ...]
) -> Payload:
    """An exchange for people; of long ones the beginning."""
    return Payload(
        stage,
        at_ms,
        one.protocol,
        endpoint_of(one),
        owner,
        one.size_bytes,
        one.data[:_SHOWN_BYTES].hex(),
        shown(one.data),
        one.is_readable,
        one.answer,
        decoys,
    )


def endpoint_of(one: Exchange) -> str:
    """Where something was sent, as rules spell it: a URL, or host and port."""
    host = one.host or (f"[{one.address}]" if ":" in one.address else one.address)
    if one.protocol in ("http", "https"):
        usual = {"http": 80, "https": 443}[one.protocol]
        port = "" if one.port == usual else f":{one.port}"
        return f"{one.protocol}://{host}{port}{one.target[:300]}"
    return f"{host}:{one.port}"


def shown(data: bytes) -> str:
    """The first of it, for people."""
    text = data[: _TEXT_CHARACTERS * 2].decode("utf-8", "replace").replace("\r\n", "\n")
    return _UNPRINTABLE.sub("·", text)[:_TEXT_CHARACTERS]
