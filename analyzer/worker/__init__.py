"""Confined processes that analyze crates: the parent never parses a hostile byte itself."""
