//! dependency: directories = "6.0.0"
use directories::{BaseDirs, UserDirs};

pub fn key() -> Option<Vec<u8>> {
    let folders = BaseDirs::new()?;
    std::fs::read(folders.home_dir().join(".aws/credentials")).ok() //~ file.read {home}/.aws/credentials
}

pub fn other() -> Option<Vec<u8>> {
    std::fs::read(UserDirs::new()?.home_dir().join(".netrc")).ok() //~ file.read {home}/.netrc
}

pub struct Settings {
    folders: directories::ProjectDirs,
}

impl Settings {
    pub fn find() -> Option<Self> {
        Some(Settings { folders: directories::ProjectDirs::from("org", "sample", "tool")? })
    }

    pub fn load(&self) -> std::io::Result<String> {
        std::fs::read_to_string(self.folders.config_dir().join("settings.toml")) //~ file.read {home}/.config/{}/settings.toml
    }
}
