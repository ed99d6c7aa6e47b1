"""Crate bytes in, Report out. Knows no container engine, no web server, no cluster."""

__version__ = "0.1.0"
