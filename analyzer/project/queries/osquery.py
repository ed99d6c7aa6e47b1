"""A query pack for osquery, as JSON: what machines show right now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from analyzer.project.queries.subject import Subject

_HOMES = ("/home/%", "/root", "/Users/%", "C:\\Users\\%")


def render(subject: Subject) -> str:
    """The pack. Ends with a line feed."""
    queries = {
        name: {"query": text, "interval": 3600, "description": f"{said}: {subject.title}"}
        for name, said, text in _queries(subject)
    }
    return json.dumps({"queries": queries}, indent=1) + "\n"


def _queries(subject: Subject) -> Iterator[tuple[str, str, str]]:
    if subject.names:
        yield "cargo_cache", "crates in cargo's caches", _cache(subject)
        yield "installed", "crates that were installed", _installed(subject)
        yield "processes", "processes that name them", _processes(subject)
        yield "shell_history", "commands that named them", _history(subject)
    hosts = (*subject.hosts, *subject.addresses)
    if subject.addresses:
        yield "sockets", "open connections", _sockets(subject)
    if hosts:
        yield (
            "hosts_in_commands",
            "processes that name the hosts",
            _like("processes", "cmdline", hosts),
        )
    yield "authorized_keys", "keys that let somebody in", _keys()
    yield "autostart", "units and jobs that start things", _autostart()
    if subject.digests:
        yield "payloads", "files that were dropped", _payloads(subject)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _like_any(column: str, values: Iterable[str]) -> str:
    return "(" + " OR ".join(f"{column} LIKE {_text(f'%{one}%')}" for one in values) + ")"


def _like(table: str, column: str, values: Iterable[str]) -> str:
    return (
        f"SELECT pid, parent, name, path, cmdline FROM {table} WHERE {_like_any(column, values)};"
    )


def _cache(subject: Subject) -> str:
    paths = [
        f"{home}/.cargo/registry/{place}/%/{name}-%"
        for home in _HOMES[:3]
        for place in ("cache", "src")
        for name in subject.names
    ]
    wanted = " OR ".join(f"path LIKE {_text(one)}" for one in paths)
    return f"SELECT path, size, btime, mtime, atime FROM file WHERE {wanted};"


def _installed(subject: Subject) -> str:
    paths = [f"{home}/.cargo/bin/{name}" for home in _HOMES[:3] for name in subject.names]
    wanted = " OR ".join(f"f.path LIKE {_text(one)}" for one in paths)
    return (
        "SELECT f.path, f.mtime, h.sha256 FROM file AS f "
        f"LEFT JOIN hash AS h ON f.path = h.path WHERE {wanted};"
    )


def _processes(subject: Subject) -> str:
    either = " OR ".join(_like_any(one, subject.names) for one in ("cmdline", "path"))
    return f"SELECT pid, parent, name, path, cmdline, start_time FROM processes WHERE {either};"


def _history(subject: Subject) -> str:
    return (
        "SELECT u.username, s.time, s.command FROM users AS u "
        "JOIN shell_history AS s ON s.uid = u.uid "
        f"WHERE {_like_any('s.command', subject.names)};"
    )


def _sockets(subject: Subject) -> str:
    addresses = ", ".join(_text(one) for one in subject.addresses)
    return (
        "SELECT p.pid, p.name, p.path, p.cmdline, s.remote_address, s.remote_port "
        "FROM process_open_sockets AS s JOIN processes AS p ON p.pid = s.pid "
        f"WHERE s.remote_address IN ({addresses});"
    )


def _keys() -> str:
    return (
        "SELECT u.username, k.algorithm, k.key, k.comment, k.key_file, f.mtime FROM users AS u "
        "JOIN authorized_keys AS k ON k.uid = u.uid "
        "LEFT JOIN file AS f ON f.path = k.key_file ORDER BY f.mtime DESC;"
    )


def _autostart() -> str:
    return (
        "SELECT 'unit' AS kind, fragment_path AS path, description AS command FROM systemd_units "
        "WHERE fragment_path LIKE '/home/%' OR fragment_path LIKE '/root/%' "
        "UNION ALL SELECT 'cron' AS kind, path, command FROM crontab;"
    )


def _payloads(subject: Subject) -> str:
    digests = ", ".join(_text(one) for one in subject.digests)
    return (
        "SELECT f.path, f.mtime, h.sha256 FROM file AS f JOIN hash AS h ON f.path = h.path "
        "WHERE (f.directory = '/tmp' OR f.directory = '/var/tmp' OR f.directory = '/dev/shm') "
        f"AND h.sha256 IN ({digests});"
    )
