"""What the sinkhole tells, as JSON lines; each kind has a quota, so a flood hides no other."""

from __future__ import annotations

import base64
import json
import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

RECORD_BYTES = 1 << 20
"""Bytes kept of one exchange."""
KIND_BYTES = 48 << 20
KIND_RECORDS = 20_000
Fields = Mapping[str, object]


@dataclass
class Capture:
    """Bytes of one exchange as they arrive: all are counted, the first are kept."""

    size_bytes: int = 0
    data: bytearray = field(default_factory=bytearray)

    @classmethod
    def of(cls, data: bytes) -> Capture:
        """One message as a whole."""
        capture = cls()
        capture.add(data)
        return capture

    def add(self, data: bytes) -> None:
        """Count `data`, and keep what still fits."""
        self.size_bytes += len(data)
        self.data += data[: max(0, RECORD_BYTES - len(self.data))]


@dataclass
class Recorder:
    """Writes records to `descriptor` at once: what was written survives a kill."""

    descriptor: int = 1
    sequence: int = 0
    records: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)

    def note(self, reason: str) -> None:
        """Say something about the sinkhole itself; what was cut is always said."""
        self._write({"kind": "note", "reason": reason})

    def emit(self, kind: str, fields: Fields, capture: Capture | None = None) -> None:
        """One record, unless its kind has used up its quota; then one note says so."""
        self.records[kind] += 1
        if self.records[kind] > KIND_RECORDS:
            if self.records[kind] == KIND_RECORDS + 1:
                self.note(f"cut: more than {KIND_RECORDS} records of kind {kind}")
            return
        if capture is not None:
            fields = {**fields, **self._kept(kind, capture)}
        self._write({"kind": kind, **fields})

    def _kept(self, kind: str, capture: Capture) -> dict[str, object]:
        data = bytes(capture.data[: max(0, KIND_BYTES - self.kept[kind])])
        self.kept[kind] += len(data)
        return {
            "size_bytes": capture.size_bytes,
            "data": base64.b64encode(data).decode(),
            "is_cut": len(data) < capture.size_bytes,
        }

    def _write(self, record: dict[str, object]) -> None:
        self.sequence += 1
        stamp = {"sequence": self.sequence, "at_ms": int(time.time() * 1000)}
        line = memoryview(json.dumps(record | stamp).encode() + b"\n")
        while line:
            line = line[os.write(self.descriptor, line) :]
