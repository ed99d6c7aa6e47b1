"""Names and tactics of ATT&CK techniques, from `signatures/attack.toml`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.errors import SignatureError
from analyzer.signatures import default_folder
from analyzer.toml import read_toml

ATTACK_FILE = "attack.toml"


@dataclass(frozen=True, slots=True)
class Technique:
    """What a technique is called and the tactics it serves; empty for one that nobody listed."""

    name: str = ""
    tactics: tuple[str, ...] = ()


@functools.cache
def techniques() -> Mapping[str, Technique]:
    """Every listed technique by its id. Raises SignatureError for a malformed file."""
    table = read_toml((default_folder() / ATTACK_FILE).read_bytes(), name=ATTACK_FILE)
    rows = table.get("technique")
    if not isinstance(rows, dict):
        raise SignatureError(f"{ATTACK_FILE}: it holds [technique]")
    found: dict[str, Technique] = {}
    for name, row in rows.items():
        if not isinstance(row, list) or len(row) < 2 or not all(isinstance(x, str) for x in row):
            raise SignatureError(f"{ATTACK_FILE}: {name} has a name and its tactics")
        found[name] = Technique(row[0], tuple(row[1:]))
    return found
