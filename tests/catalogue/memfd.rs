//! dependency: memfd = "0.6.5"

pub fn hidden() -> Option<memfd::Memfd> {
    memfd::MemfdOptions::default().close_on_exec(false).create("x").ok() //~ code.execute-memory x
}
