//! dependency: whoami = "1.6.1"

pub fn profile() -> String {
    format!("{}@{}", whoami::username(), whoami::devicename()) //~ guard.host user; guard.host device
}

pub fn host() -> Option<String> {
    whoami::fallible::hostname().ok() //~ guard.host hostname
}

pub fn is_target() -> bool {
    let account = whoami::fallible::account().unwrap_or_default(); //~ guard.host user
    account == "build" && whoami::distro().contains("Arch") //~ guard.host system
}
