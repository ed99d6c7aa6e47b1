"""The made-up person: one name, mail, host and company through all bait of a run."""

from __future__ import annotations

from sandbox.bait.draw import Draw
from sandbox.bait.model import Persona, Profile

_FIRST = (
    "Anna Bruno Carla Dmitri Elena Felix Greta Hugo Irene Jonas Katrin Luca Marta Nils Olga Pavel "
    "Rosa Stefan Tomas Ulrike Viktor Wanda Yannick Zoe"
).split()
_LAST = (
    "Albrecht Bergström Castellan Dorn Eriksen Falk Greco Haller Ivers Jansen Kessler Lindqvist "
    "Marek Novotny Oberlin Petrov Quist Rossi Sandoval Toller Urban Varga Weiss Zeman"
).split()
_HEADS = "vel nor ara tes mon lum cas del ver sol tri kal".split()
_MIDDLES = "a i o e ari edo ani una".split()
_TAILS = "mont dex lyn tor vant ris nova quant sen dal".split()
_TRADES = "systems labs works cloud data software".split()
_SUBJECTS = "ledger payments orders billing inventory routing pricing settlement".split()
_SHAPES = "api service core gateway worker".split()
_PLAIN = str.maketrans("äöüéø", "aoueo")


def make_persona(draw: Draw, profile: Profile) -> Persona:
    """Someone plausible; under CI the machine is an agent's, its owner the same company's."""
    first, last = draw.choice("first", _FIRST), draw.choice("last", _LAST)
    company = "".join(
        draw.choice(part, items)
        for part, items in (("head", _HEADS), ("middle", _MIDDLES), ("tail", _TAILS))
    )
    domain = f"{company}-{draw.choice('trade', _TRADES)}.com"
    login = f"{first[0]}{last}".lower().translate(_PLAIN)
    on_agent = profile is Profile.CI
    return Persona(
        user="runner" if on_agent else login,
        full_name=f"{first} {last}",
        mail=f"{first}.{last}@{domain}".lower().translate(_PLAIN),
        host_name=f"runner-{draw.text('host', 'abcdef0123456789', 8)}"
        if on_agent
        else f"{login}-{draw.choice('machine', ['t14', 'xps13', 'p1', 'dev', 'ws2'])}",
        company=company,
        domain=domain,
        project=f"{draw.choice('subject', _SUBJECTS)}-{draw.choice('shape', _SHAPES)}",
        aws_account=str(draw.number("account", 10**11, 10**12 - 1)),
    )
