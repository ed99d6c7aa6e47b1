"""Crate bytes in, Trace out: the only door to a container engine. Built in a later release."""
