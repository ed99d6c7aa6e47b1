"""Splunk searches over the common data models, so that no source type need be known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.project.queries.subject import Subject

_BY = "Processes.dest Processes.user Processes.parent_process_name Processes.process"


def render(subject: Subject) -> str:
    """Every search behind a comment with its title."""
    days = _days(subject)
    rows = (f"```{title}```\n{text.replace('@DAYS@', days)}" for title, text in _searches(subject))
    return "\n\n".join(rows) + "\n"


def _days(subject: Subject) -> str:
    if not subject.from_:
        return "earliest=-90d latest=now"
    year, month, day = subject.from_.split("-")
    latest = "now"
    if subject.to:
        last = subject.to.split("-")
        latest = f'"{last[1]}/{last[2]}/{last[0]}:23:59:59"'
    return f'earliest="{month}/{day}/{year}:00:00:00" latest={latest}'


def _any(field: str, values: Iterable[str], *, is_part: bool = True) -> str:
    star = "*" if is_part else ""
    return "(" + " OR ".join(f'{field}="{star}{one}{star}"' for one in values) + ")"


def _searches(subject: Subject) -> Iterator[tuple[str, str]]:
    what = subject.title
    if subject.names:
        yield f"Processes that name crates of: {what}", _processes(subject)
    hosts = (*subject.hosts, *subject.addresses)
    if hosts:
        yield f"Bytes sent to hosts of: {what}", _traffic(hosts, subject)
        yield f"Requests and bytes by proxies: {what}", _web(hosts, subject)
    if subject.hosts or subject.lookalikes:
        yield f"Names looked up: {what}", _names(subject)
    yield f"Uploads beneath builds: {what}", _uploads(subject)
    yield f"Files that builds write where they should not: {what}", _files(subject)


def _tstats(values: str, model: str, where: str, by: str) -> str:
    head = f"| tstats summariesonly=false {values} from datamodel={model}"
    return f"{head}\n    where @DAYS@ {where}\n    by {by}"


_SEEN = "count min(_time) as first max(_time) as last"


def _processes(subject: Subject) -> str:
    where = _any("Processes.process", subject.names)
    return _tstats(_SEEN, "Endpoint.Processes", where, _BY) + "\n| sort first"


def _traffic(hosts: tuple[str, ...], subject: Subject) -> str:
    values = f"sum(All_Traffic.bytes_out) as sent {_SEEN}"
    names = (_any(f"All_Traffic.{one}", hosts, is_part=False) for one in ("dest", "dest_ip"))
    by = "All_Traffic.src All_Traffic.user All_Traffic.app All_Traffic.dest All_Traffic.dest_ip"
    search = _tstats(values, "Network_Traffic.All_Traffic", f"({' OR '.join(names)})", by)
    return f"{search}\n| where sent > {subject.min_sent_bytes}\n| sort - sent"


def _web(hosts: tuple[str, ...], subject: Subject) -> str:
    values = f"sum(Web.bytes_out) as sent values(Web.http_method) as methods {_SEEN}"
    by = "Web.src Web.user Web.dest Web.http_user_agent"
    search = _tstats(values, "Web.Web", _any("Web.url", hosts), by)
    return f"{search}\n| where sent > {subject.min_sent_bytes} OR isnull(sent)\n| sort - sent"


def _names(subject: Subject) -> str:
    parts = [_any("DNS.query", subject.hosts)] if subject.hosts else []
    parts += [
        f'(DNS.query="*{stem}*" NOT (DNS.query="{honest}" OR DNS.query="*.{honest}"))'
        for stem, honest in subject.lookalikes
    ]
    search = _tstats(
        _SEEN, "Network_Resolution.DNS", f"({' OR '.join(parts)})", "DNS.src DNS.query"
    )
    return f"{search}\n| sort first"


def _names_of(programs: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for one in programs for name in (one, f"{one}.exe"))


def _uploads(subject: Subject) -> str:
    parents = _any("Processes.parent_process_name", _names_of(subject.builders), is_part=False)
    script = 'Processes.parent_process_name="build-script*"'
    senders = _any(
        "Processes.process_name", _names_of((*subject.senders, *subject.shells)), is_part=False
    )
    words = _any(
        "Processes.process", ("--upload-file", "--data-binary", "--form", "=@", *subject.hosts)
    )
    where = f"({parents} OR {script}) {senders} {words}"
    return _tstats(_SEEN, "Endpoint.Processes", where, _BY) + "\n| sort first"


def _files(subject: Subject) -> str:
    names = dict.fromkeys(("authorized_keys", *(one.rpartition("/")[2] for one in subject.files)))
    where = _any("Filesystem.file_name", names, is_part=False)
    fields = ("dest", "user", "process_path", "action", "file_path")
    by = " ".join(f"Filesystem.{one}" for one in fields)
    search = _tstats(_SEEN, "Endpoint.Filesystem", where, by)
    builders = " OR ".join(f'like(process_path, "%{one}%")' for one in subject.builders)
    renamed = "\n| rename Filesystem.* as *"
    return f"{search}{renamed}\n| where {builders}\n| sort first"
