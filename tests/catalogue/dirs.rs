//! dependency: dirs = "6.0.0"

pub fn keys() -> Option<Vec<u8>> {
    std::fs::read(dirs::home_dir()?.join(".ssh/id_rsa")).ok() //~ file.read {home}/.ssh/id_rsa
}

pub fn settings() -> Option<String> {
    let folder = dirs::config_dir()?;
    std::fs::read_to_string(folder.join("app").join("settings.toml")).ok() //~ file.read {home}/.config/app/settings.toml
}

pub fn movies() -> Option<bool> {
    Some(dirs::video_dir()?.join("x.mkv").exists()) //~ guard.presence {home}/Videos/x.mkv
}
