"""A bounded interpreter for side-effect-free Rust on constants."""
