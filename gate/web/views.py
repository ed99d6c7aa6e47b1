"""Templates to pages. Every text goes through `printable` and is then escaped."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources

import jinja2
from markupsafe import Markup

from analyzer.report.text import printable
from gate.web.answer import NO_STORE, Answer

_SHOWN = 4000
_CSP = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HTML = ("content-type", "text/html; charset=utf-8")


def _seen(value: object) -> object:
    """What a template shows: crate text as it is on a terminal, before it is escaped."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable(value, max_characters=_SHOWN)
    return value


@functools.cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("gate.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(name: str, status: int, values: Mapping[str, object]) -> Answer:
    """A page of ours. Nothing on it runs; it loads one style sheet."""
    body = _templates().get_template(f"{name}.html").render(values)
    # Not `no-referrer`: browsers would then send our own forms with `Origin: null`.
    referrer = ("referrer-policy", "same-origin")
    rules = (("content-security-policy", _CSP), ("x-frame-options", "DENY"), referrer)
    headers = (_HTML, NO_STORE, *rules)
    return Answer(status, body.encode(), headers)


def report(html: str) -> Answer:
    """A report on a crate, in an origin of its own: markup that got through could do nothing."""
    from analyzer.report.html.page import policy

    rules = ("content-security-policy", f"sandbox; {policy()}; frame-ancestors 'none'")
    referrer = ("referrer-policy", "no-referrer")
    return Answer(200, html.encode(), (_HTML, NO_STORE, rules, referrer))


def style() -> Answer:
    """The style sheet."""
    data = resources.files("gate.web").joinpath("templates/style.css").read_bytes()
    kind = ("content-type", "text/css; charset=utf-8")
    return Answer(200, data, (kind, ("cache-control", "max-age=300")))


def moved(place: str, *headers: tuple[str, str]) -> Answer:
    """See there."""
    return Answer(303, b"", (("location", place), NO_STORE, *headers))
