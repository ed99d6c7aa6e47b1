//! dependency: local-ip-address = "0.6.5"

pub fn address() -> Option<std::net::IpAddr> {
    local_ip_address::local_ip().ok() //~ guard.host address
}
