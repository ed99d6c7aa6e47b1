"""The gate: a cargo registry in front of others that reads a crate before anybody gets it."""
