//! dependency: hostname = "0.4.2"

pub fn host() -> std::io::Result<std::ffi::OsString> {
    hostname::get() //~ guard.host hostname
}

pub fn is_target() -> bool {
    let name = hostname::get().map(|one| one.to_string_lossy().into_owned()); //~ guard.host hostname
    name.is_ok_and(|one| one == "build-7")
}

pub fn report() -> String {
    format!("host={:?}", hostname::get().ok()) //~ guard.host hostname
}
