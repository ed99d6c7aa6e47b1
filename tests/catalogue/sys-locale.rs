//! dependency: sys-locale = "0.3.2"
pub fn language() -> String {
    sys_locale::get_locale().unwrap_or_default() //~ guard.host place
}
