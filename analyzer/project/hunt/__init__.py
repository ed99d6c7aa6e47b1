"""Looks for bad crates wherever cargo leaves traces: now, in git history, in caches and archives.

`search.hunt` is the way in. Files are read, never run; what could not be read is a gap.
"""
