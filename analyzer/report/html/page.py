"""The page around a report: one file that loads nothing and runs nothing.

The policy in its head allows one style sheet, by its digest, and nothing else: even markup that got
past the escaping could load, run or send nothing.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

from analyzer.report.html.markup import Child, Markup, element, joined, style_sheet, text

_STYLE = "style.css"


@dataclass(frozen=True, slots=True)
class Part:
    """An entry of the table of contents; `note` is a count or a verdict."""

    anchor: str
    title: str
    note: str = ""


@functools.cache
def style() -> str:
    """The one style sheet of every page."""
    return resources.files(__package__).joinpath(_STYLE).read_text(encoding="utf-8")


def policy() -> str:
    """What a browser may do with the page: use the style sheet with this digest."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def document(title: str, kind: str, parts: Iterable[Part], *body: Child) -> str:
    """A whole page. `kind` says in a few words of ours what the report is about."""
    page = joined((_head(title), _body(kind, parts, *body)))
    return f"<!doctype html>\n{element('html', page, lang='en', dir='ltr').html}\n"


def _head(title: str) -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="robots", content="noindex"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", text(title, max_characters=200)),
        style_sheet(style()),
    )


def _body(kind: str, parts: Iterable[Part], *body: Child) -> Markup:
    entries = [
        element(
            "li",
            element(
                "a",
                text(one.title, max_characters=80),
                element("span", one.note, class_="count"),
                href=f"#{one.anchor}",
            ),
        )
        for one in parts
    ]
    return element(
        "body",
        element("a", "Skip to the report", href="#report", class_="skip"),
        element(
            "header",
            element("span", "cratescope", class_="name"),
            " ",
            element("span", kind, class_="kind"),
        ),
        element(
            "div",
            element("nav", element("ul", *entries), aria_label="Contents", class_="contents"),
            element("main", *body, id="report", tabindex=-1),
            class_="columns",
        ),
        element(
            "footer",
            element("p", _UNTRUSTED),
        ),
    )


_UNTRUSTED = (
    "Names, places and source lines are quoted from the crate and were chosen by its author: "
    "trust none of them. Characters that are not seen as themselves stand as \\u{number}."
)
