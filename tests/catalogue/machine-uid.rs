//! dependency: machine-uid = "0.5.3"
pub fn id() -> String {
    machine_uid::get().unwrap_or_default() //~ guard.host machine
}
