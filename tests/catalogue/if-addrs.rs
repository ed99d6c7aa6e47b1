//! dependency: if-addrs = "0.13.3"
pub fn count() -> usize {
    if_addrs::get_if_addrs().map(|all| all.len()).unwrap_or(0) //~ guard.host address
}
