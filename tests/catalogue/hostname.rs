//! dependency: hostname = "0.4.1"

pub fn host() -> std::io::Result<std::ffi::OsString> {
    hostname::get() //~ guard.host hostname
}
