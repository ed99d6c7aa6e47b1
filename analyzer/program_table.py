"""What `signatures/programs.toml` says of programs, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.errors import SignatureError
from analyzer.model import FactKind
from analyzer.toml import TomlTable

PROGRAMS_FILE = "programs.toml"


@dataclass(frozen=True, slots=True)
class Program:
    """What a well-known program does with its arguments; fields as in `programs.toml`."""

    name: str
    role: str
    options: Mapping[str, tuple[str, ...]]
    is_host_and_port: bool = False
    is_copy: bool = False


_PROGRAM_KEYS = {"role", "is-host-and-port", "is-copy", "sends", "file-after-at", "file", "output"}
_PROGRAM_KEYS |= {"value", "unchecked-tls", "text", "encoded"}


def read_programs(table: TomlTable) -> dict[str, Program]:
    """Programs by name and alias. Raises SignatureError for an unknown key."""
    programs: dict[str, Program] = {}
    aliases = table.pop("alias", {})
    _read_cmdlets(table.pop("cmdlet", {}), table.pop("cmdlet-alias", {}), programs, "ps")
    _read_cmdlets(table.pop("script", {}), table.pop("script-alias", {}), programs, "script")
    for name, row in table.items():
        if not isinstance(row, dict) or set(row) - _PROGRAM_KEYS:
            raise SignatureError(f"{PROGRAMS_FILE}: [{name}] has an unknown key")
        lists = {key: value for key, value in row.items() if isinstance(value, list)}
        options = {key: _texts(value, key) for key, value in lists.items()}
        programs[name] = Program(
            name,
            str(row.get("role", "")),
            options,
            is_host_and_port=bool(row.get("is-host-and-port", False)),
            is_copy=bool(row.get("is-copy", False)),
        )
    for alias, name in aliases.items() if isinstance(aliases, dict) else ():
        if name not in programs:
            raise SignatureError(f"{PROGRAMS_FILE}: alias {alias} names no program")
        programs[alias.casefold()] = programs[name]
    return programs


def _read_cmdlets(rows: object, aliases: object, programs: dict[str, Program], family: str) -> None:
    """PowerShell's own commands, kept as `ps:<name>` with the fact as their role; functions of
    other interpreters as `script:<name>`.
    """
    for name, row in rows.items() if isinstance(rows, dict) else ():
        listed = {key: value for key, value in row.items() if key != "fact"}
        lists = {key: _texts(value, key) for key, value in listed.items()}
        kind = str(FactKind(row["fact"]))
        programs[f"{family}:{name}"] = Program(f"{family}:{name}", kind, lists)
    for alias, name in aliases.items() if isinstance(aliases, dict) else ():
        programs[f"{family}:{alias}"] = programs[f"{family}:{name}"]


def _texts(value: object, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise SignatureError(f"{PROGRAMS_FILE}: {key} must be a list of texts")
    return tuple(value)
