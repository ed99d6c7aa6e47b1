"""Rust text to names, values and calls; the only door to the parser."""
