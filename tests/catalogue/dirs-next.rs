//! dependency: dirs-next = "2.0.0"
pub fn read() -> Option<Vec<u8>> {
    let path = dirs_next::home_dir()?.join(".netrc");
    std::fs::read(path).ok() //~ file.read {home}/.netrc
}
