//! dependency: home = "0.5.12"

pub fn token() -> Option<String> {
    std::fs::read_to_string(home::cargo_home().ok()?.join("credentials.toml")).ok() //~ file.read {home}/.cargo/credentials.toml
}

pub fn key() -> Option<Vec<u8>> {
    let mut path = home::home_dir()?;
    path.push(".ssh");
    path.push("id_rsa");
    std::fs::read(path).ok() //~ file.read {home}/.ssh/id_rsa
}

pub fn tokens(here: &std::path::Path) -> std::io::Result<String> {
    std::fs::read_to_string(home::cargo_home_with_cwd(here)?.join("credentials.toml")) //~ file.read {home}/.cargo/credentials.toml
}
