//! dependency: iana-time-zone = "0.1.61"
pub fn zone() -> String {
    iana_time_zone::get_timezone().unwrap_or_default() //~ guard.host place
}
