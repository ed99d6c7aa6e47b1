"""The little language of templates: `{{...}}` in a text becomes a value of the run.

`{{user}}`           a field of the persona
`{{=<hex:32>}}`      filler
`{{!<alnum:40>}}`    a secret, a decoy named after its place
`{{key!<alnum:40>}}` a secret, a decoy with a name of its own
`{{@key:<kind>}}`    a piece drawn as the piece of the decoy `key` was: the public half of its key

A piece is `<kind:size+step/argument>`: `step` is added once for each variant, so that two runs
have secrets of different lengths. Arguments may be fields of the persona: `<jwt/user>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sandbox.bait.draw import Draw
from sandbox.bait.kinds import KINDS, Piece
from sandbox.bait.model import Decoy, Persona

_HOLE = re.compile(r"\{\{(?:@([\w-]+):|([\w-]*)([!=]))?(.*?)\}\}", re.DOTALL)
_PIECE = re.compile(r"<([\w-]+)(?::(\d+)(?:\+(\d+))?)?(?:/([^<>]*))?>")


@dataclass(slots=True)
class Filler:
    """Fills templates of one run and keeps the decoys that come about."""

    draw: Draw
    persona: Persona
    variant: int
    decoys: list[Decoy] = field(default_factory=list)

    def fill(self, text: str, place: str, *, owner: str = "", encoding: str = "utf-8") -> str:
        """The text with its holes filled; secrets become decoys of that place.

        `owner` names the place alike in all runs, where `place` itself is drawn.
        """
        made, base = 0, slug(owner or place)

        def one(match: re.Match[str]) -> str:
            nonlocal made
            same, name, sign, body = match.groups()
            if not sign and not same:
                return str(getattr(self.persona, body))
            made += sign == "!"
            own = same or name or base + (f"-{made}" if made > 1 and sign == "!" else "")
            label = own if sign != "=" else f"{owner or place}#{match.start()}"
            piece = self._pattern(body, self.draw.below(label))
            if sign == "!":
                value = piece.secret or piece.text.encode(encoding)
                self.decoys.append(Decoy(own, place, value))
            return piece.text

        return _HOLE.sub(one, text)

    def _pattern(self, pattern: str, draw: Draw) -> Piece:
        """A pattern filled; its secret is the only piece's, or the whole text."""
        secret = b""

        def one(match: re.Match[str]) -> str:
            nonlocal secret
            kind, size, step, argument = match.groups()
            length = int(size or 0) + self.variant * int(step or 0)
            text = getattr(self.persona, argument or "", argument or "")
            piece = KINDS[kind](draw.below(str(match.start())), text, length)
            secret = piece.secret
            return piece.text

        return Piece(_PIECE.sub(one, pattern), secret)


def slug(place: str) -> str:
    """A short name for a place: `~/.aws/credentials` is `aws-credentials`."""
    return re.sub(r"[^a-z0-9]+", "-", _HOLE.sub("", place).casefold()).strip("-")
