//! dependency: winreg = "0.55.0"
// Windows only: names were checked against the source, not compiled.
use winreg::enums::HKEY_CURRENT_USER;
use winreg::RegKey;

pub fn keep(path: &str) -> std::io::Result<()> {
    let user = RegKey::predef(HKEY_CURRENT_USER);
    let (run, _) = user.create_subkey("Software\\Microsoft\\Windows\\CurrentVersion\\Run")?; //~ file.write Software\Microsoft\Windows\CurrentVersion\Run
    run.set_value("app", &path) //~ file.write app
}

pub struct Settings {
    key: RegKey,
}

impl Settings {
    pub fn open() -> std::io::Result<Self> {
        let user = RegKey::predef(HKEY_CURRENT_USER);
        Ok(Settings { key: user.open_subkey("Software\\Sample")? }) //~ file.read Software\Sample
    }

    pub fn token(&self) -> std::io::Result<String> {
        self.key.get_value("Token") //~ file.read Token
    }

    pub fn forget(&self) -> std::io::Result<()> {
        self.key.delete_value("Token") //~ file.delete Token
    }
}
