//! dependency: whoami = "1.6.1"

pub fn profile() -> String {
    format!("{}@{}", whoami::username(), whoami::devicename()) //~ guard.host user; guard.host device
}

pub fn host() -> Option<String> {
    whoami::fallible::hostname().ok() //~ guard.host hostname
}
