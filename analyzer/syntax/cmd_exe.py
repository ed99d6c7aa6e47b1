"""Texts for `cmd /c` as commands: separators, carets, quotes, redirections. No grammar exists."""

from __future__ import annotations

import re

from analyzer.syntax.shell import Command, Redirect

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|(?P<caret>\^.?)|(?P<sign>&&|\|\||[&|()\r\n]+)|(?P<redirect>\d?>>?|<)'
    r'|(?P<blank>[ \t,;=]+)|(?P<plain>[^"^&|()<>\s,;=]+)'
)
_MAX_SIZE = 64 * 1024


def cmd_commands(text: str) -> list[Command]:
    """The commands of a text, quoting and carets undone, `%NAME%` as `{env:NAME}`."""
    found: list[Command] = []
    words: list[str] = []
    redirects: list[Redirect] = []
    word: str | None = None
    sign = ""

    def end_word() -> None:
        nonlocal word, sign
        if word is not None and sign:
            redirects.append(Redirect(sign, word))
            sign = ""
        elif word is not None:
            words.append(word)
        word = None

    def end_command() -> None:
        end_word()
        if words or redirects:
            found.append(Command(tuple(words), tuple(redirects)))
        words.clear()
        redirects.clear()

    for match in _TOKEN.finditer(text[:_MAX_SIZE]):
        kind = match.lastgroup
        if kind == "sign":
            end_command()
        elif kind == "blank":
            end_word()
        elif kind == "redirect":
            end_word()
            sign = match[0]
        else:
            part = match["quoted"] if kind == "quoted" else match[0].removeprefix("^")
            word = (word or "") + re.sub(r"%(\w+)%", r"{env:\1}", part or "")
    end_command()
    return found
