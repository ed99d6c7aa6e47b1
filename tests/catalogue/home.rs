//! dependency: home = "0.5.11"

pub fn token() -> Option<String> {
    std::fs::read_to_string(home::cargo_home().ok()?.join("credentials.toml")).ok() //~ file.read {home}/.cargo/credentials.toml
}

pub fn key() -> Option<Vec<u8>> {
    let mut path = home::home_dir()?;
    path.push(".ssh");
    path.push("id_rsa");
    std::fs::read(path).ok() //~ file.read {home}/.ssh/id_rsa
}
