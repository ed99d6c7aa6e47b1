"""HTML that is safe by the way it is made: text is escaped on its way in, attributes are ours.

`element` and `text` are the only makers of markup. Every text goes through `html_text`; attributes
take a small alphabet and a short list of names, so that no text of a crate can ever become one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.errors import InternalError
from analyzer.report.text import html_text

Attribute = str | int | bool | None
_ATTRIBUTE_NAMES = frozenset(
    {
        *("aria-hidden", "aria-label", "aria-labelledby", "class", "colspan", "dir", "height"),
        *("href", "id", "lang", "name", "open", "role", "rx", "scope", "start", "tabindex"),
        *("value", "viewBox", "width", "x", "y", "charset", "content", "http-equiv"),
    }
)
_VALUE = re.compile(r"[\w .,:;#%/()'+=-]{0,400}", re.ASCII)
_ANCHOR = re.compile(r"#[a-z][a-z0-9-]*")
_VOID = frozenset({"br", "col", "hr", "meta", "wbr"})


@dataclass(frozen=True, slots=True)
class Markup:
    """A piece of HTML. Only this module makes one from text."""

    html: str


Child = str | Markup
NOTHING = Markup("")


def text(value: str, *, max_characters: int = 400) -> Markup:
    """Any text, escaped; longer than `max_characters` it is cut with `…`."""
    return Markup(html_text(value, max_characters=max_characters))


def style_sheet(rules: str) -> Markup:
    """A style sheet of ours. Raises InternalError if it could end its element."""
    if "<" in rules:
        raise InternalError("a style sheet holds no `<`")
    return Markup(f"<style>{rules}</style>")


def joined(parts: Iterable[Child]) -> Markup:
    """One piece after the other."""
    return Markup("".join(_html(one) for one in parts))


def element(tag: str, *children: Child, **attributes: Attribute) -> Markup:
    """One element. `class_` is the attribute `class`, `aria_label` is `aria-label`.

    A plain `str` among the children is text and gets escaped. None and False leave an attribute
    out. Raises InternalError for an attribute that no report of ours has.
    """
    named = "".join(_attribute(name, one) for name, one in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{named}>")
    return Markup(f"<{tag}{named}>{''.join(map(_html, children))}</{tag}>")


def _html(one: Child) -> str:
    return one.html if isinstance(one, Markup) else html_text(one)


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    plain = "" if value is True else str(value)
    if (
        written not in _ATTRIBUTE_NAMES
        or not _VALUE.fullmatch(plain)
        or (written == "href" and not _ANCHOR.fullmatch(plain))
    ):
        raise InternalError(f"a report has no attribute `{written}` of this kind")
    return f' {written}="{plain}"' if plain else f" {written}"


def section(level: int, anchor: str, title: str, *content: Child) -> Markup:
    """A part of the page with its heading, reachable as `#anchor`."""
    heading = element(f"h{level}", title, id=f"{anchor}-title")
    return element("section", heading, *content, id=anchor, aria_labelledby=f"{anchor}-title")


def code(value: str, *, max_characters: int = 400, class_: str | None = None) -> Markup:
    """A name, place or literal of a crate, set apart from our own words."""
    return element("code", text(value, max_characters=max_characters), class_=class_)


def fold(summary: Child, *content: Child, is_open: bool = False, class_: str = "fold") -> Markup:
    """Content that opens and closes with a key or a click."""
    return element(
        "details", element("summary", summary), *content, open=is_open or None, class_=class_
    )


def table(
    anchor: str,
    caption: str,
    heads: Iterable[Child],
    rows: Iterable[Iterable[Markup]],
    *,
    is_wide: bool = True,
) -> Markup:
    """A table that scrolls in itself; the first cell of a row names the row.

    Cells are what `cell` and `row_head` make. `is_wide`: too much for a small screen to show whole.
    """
    head = element("tr", *(element("th", one, scope="col") for one in heads))
    name = f"{anchor}-caption"
    whole = element(
        "table",
        element("caption", element("span", caption), id=name),
        element("thead", head),
        element("tbody", *(element("tr", *row) for row in rows)),
        class_="wide" if is_wide else None,
    )
    return element("div", whole, class_="scroll", role="region", aria_labelledby=name, tabindex=0)


def cell(*children: Child, class_: str | None = None) -> Markup:
    """One cell of a table."""
    return element("td", *children, class_=class_)


def row_head(*children: Child, class_: str | None = None) -> Markup:
    """The cell that names its row."""
    return element("th", *children, scope="row", class_=class_)


def facts(pairs: Iterable[tuple[str, Child]]) -> Markup:
    """Names and values as a description list; empty values, and a list of them, are left out."""
    rows = [
        element("div", element("dt", name), element("dd", value))
        for name, value in pairs
        if value not in ("", NOTHING)
    ]
    return element("dl", *rows, class_="pairs") if rows else NOTHING


def left_out(shown: int, total: int, what: str) -> Markup:
    """How many are not on the page, and where they are; nothing if all are."""
    if total <= shown:
        return NOTHING
    more = f"{total - shown:,} more {what} are not on this page: they stand in --format json."
    return element("p", more, class_="note")
