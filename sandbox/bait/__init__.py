"""Bait: the secrets of a person who does not exist, planted where thieves look.

`make_bait` gives the files, variables and history of one made-up developer or build agent. Every
secret is unique to run and place, so a leak names its source. Nothing here writes a file.
"""

from sandbox.bait.model import Bait, BaitFile, Commit, Decoy, Persona, Profile, Service
from sandbox.bait.plan import make_bait

__all__ = ["Bait", "BaitFile", "Commit", "Decoy", "Persona", "Profile", "Service", "make_bait"]
