"""One escaping function per output channel: crate text never reaches a reader raw.

Everything a crate's author chose (names, paths, source lines) is hostile: it may hold terminal
commands, text that reads backwards or that nobody sees, markup, or commands for a CI runner.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANKS = {"\t": " ", "\n": r"\n", "\r": r"\r"}
_MARKS = frozenset({"Mn", "Me"})
_MARKS_SHOWN = 2
"""More marks on one letter than any language needs paint over the lines above and below."""
# Letters, signs and marks that show nothing: Unicode's Default_Ignorable_Code_Point outside the
# categories above, and the empty Braille cell. Bytes hide well in variation selectors.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
# `##[error]`, `##vso[...]`, `##teamcity[...]`: obeyed wherever they stand in a line of a log.
_LOG_COMMAND = re.compile(r"##(?=\w{0,16}\[)")
_LOG_LINE = re.compile(r"^((?: |\x1b\[[\d;]*m)*):(?=:)", re.MULTILINE)
_MARKUP = re.compile(r"[\\`*_{}\[\]()<>#+!|~&@$:\"'-]|(?<=www)\.|(?<=\d)\.(?= )|^ +| +$| {2,}")
# What forges look for when entities are read already: people, groups, threads by their number.
_REFERENCE = re.compile(r"[@#]|[!&](?=\d)|(?<=\bGH)-(?=\d)", re.IGNORECASE)
_APART = "&#8203;"
_SARIF_MARKUP = re.compile(r"\](?=\()|\{(?=\d+\})")
_NOT_PLAIN = re.compile(r"[^ -~]")


def printable(text: str, *, max_characters: int = 400) -> str:
    r"""Text for a terminal, in one line: whatever is not seen as itself shows as `\u{..}`.

    That is: controls, direction marks, invisible, private and unassigned characters, lone
    surrogates, odd blanks, piled up marks. A tab becomes a blank, an end of line `\n` or `\r`;
    commands of CI logs are broken; a text over `max_characters` is cut with `…`. Idempotent but for
    the cut.
    """
    cut = text[:max_characters]
    if not (cut.isascii() and cut.isprintable()):
        cut = _visible(cut)
    shown = _LOG_COMMAND.sub(r"#\\u{23}", cut) if "##" in cut else cut
    return shown + "…" if len(text) > max_characters else shown


def _visible(text: str) -> str:
    shown: list[str] = []
    marks = _MARKS_SHOWN  # there is no letter yet that a mark could stand on
    for one in text:
        category = unicodedata.category(one)
        marks = marks + 1 if category in _MARKS else 0
        if one in _BLANKS:
            shown.append(_BLANKS[one])
        elif _is_hidden(one, category) or marks > _MARKS_SHOWN:
            shown.append(f"\\u{{{ord(one):x}}}")
        else:
            shown.append(one)
    return "".join(shown)


def _is_hidden(one: str, category: str) -> bool:
    is_odd_blank = one != " " and one.isspace()
    return category in _HIDDEN or is_odd_blank or _INVISIBLE.match(one) is not None


def one_line(text: str) -> str:
    """Text for a log or error line: as on a terminal, blanks folded."""
    return printable(" ".join(text.split()), max_characters=500)


def markdown_text(text: str, *, max_characters: int = 400) -> str:
    """Text inside a line of Markdown: no markup, link, picture, mention or reference comes of it.

    Every sign that Markdown or HTML could read is written as an entity, which both show as the sign
    itself. Behind one that forges still look for then (`@`, `#` ...) stands a blank of no width, so
    that nobody is called and no other thread is linked.
    """
    shown = printable(text, max_characters=max_characters)
    ends = {one.end() for one in _REFERENCE.finditer(shown)}

    def entity(found: re.Match[str]) -> str:
        sign = "".join(f"&#{ord(one)};" for one in found[0])
        return sign + _APART if found.end() in ends else sign

    return _MARKUP.sub(entity, shown)


def sarif_text(text: str, *, max_characters: int = 1000) -> str:
    r"""Text inside a SARIF message (SARIF 2.1.0, 3.11.5 and 3.11.6).

    `[text](target)` would be a link and `{0}` a placeholder: a sign of each shows as `\u{..}`.
    Other braces stay single, though the standard doubles them: no reader in use undoes that.
    """
    return _SARIF_MARKUP.sub(_escape, printable(text, max_characters=max_characters))


def _escape(found: re.Match[str]) -> str:
    return f"\\u{{{ord(found[0]):x}}}"


def html_text(text: str, *, max_characters: int = 400) -> str:
    """Text between two tags of HTML: no element, entity or attribute comes of it.

    What is not seen as itself shows as on a terminal, so that nothing reads backwards or hides.
    """
    return html.escape(printable(text, max_characters=max_characters))


def log_lines(text: str) -> str:
    """Whole lines for a terminal or a CI log: none begins with `::`, which runners obey.

    For text that has been wrapped, as only then it is known where lines begin.
    """
    return _LOG_LINE.sub(r"\1\\u{3a}", text)


def json_text(value: object) -> str:
    r"""JSON in one line of plain ASCII, also harmless where a CI runner reads it.

    Every other character stands escaped. A lone surrogate, which strict readers refuse, becomes the
    visible text `\udc80`; every other text reads back as it was.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    if "##" in text:
        text = _LOG_COMMAND.sub(r"#\\u0023", text)
    return _NOT_PLAIN.sub(_json_character, text)


def _json_character(found: re.Match[str]) -> str:
    one = found[0]
    if unicodedata.category(one) == "Cs":
        return f"\\\\u{ord(one):04x}"
    return json.dumps(one)[1:-1] if one != "\x7f" else "\\u007f"
