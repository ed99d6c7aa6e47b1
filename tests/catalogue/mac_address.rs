//! dependency: mac_address = "1.1.7"
pub fn id() -> Option<String> {
    mac_address::get_mac_address().ok()?.map(|one| one.to_string()) //~ guard.host address
}
