//! dependency: directories = "6.0.0"
use directories::{BaseDirs, UserDirs};

pub fn key() -> Option<Vec<u8>> {
    let folders = BaseDirs::new()?;
    std::fs::read(folders.home_dir().join(".aws/credentials")).ok() //~ file.read {home}/.aws/credentials
}

pub fn other() -> Option<Vec<u8>> {
    std::fs::read(UserDirs::new()?.home_dir().join(".netrc")).ok() //~ file.read {home}/.netrc
}
