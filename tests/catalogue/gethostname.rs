//! dependency: gethostname = "1.1.0"

pub fn host() -> std::ffi::OsString {
    gethostname::gethostname() //~ guard.host hostname
}
