"""Leak search: which planted secrets stand in bytes that a build left or sent, however encoded.

Pure functions over bytes. What they were taken from (payload, log, file, name) is the caller's.
"""

from sandbox.leaks.channels import dns_leaks, split_leaks
from sandbox.leaks.model import Depth, Leak, LeakBudget, LeakSearch
from sandbox.leaks.opaque import is_opaque
from sandbox.leaks.search import find_leaks

__all__ = [
    "Depth",
    "Leak",
    "LeakBudget",
    "LeakSearch",
    "dns_leaks",
    "find_leaks",
    "is_opaque",
    "split_leaks",
]
