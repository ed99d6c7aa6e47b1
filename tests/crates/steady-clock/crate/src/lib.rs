//! Inert: the host is under `.invalid`. Shaped after the time utilities of early 2026.
mod guard;

/// Whether an offset in milliseconds is plausible.
pub fn is_plausible(offset_ms: i64) -> bool {
    guard::check(offset_ms)
}
