//! dependency: winreg = "0.55.0"
// Windows only: names were checked against the source, not compiled.
use winreg::enums::HKEY_CURRENT_USER;
use winreg::RegKey;

pub fn keep(path: &str) -> std::io::Result<()> {
    let user = RegKey::predef(HKEY_CURRENT_USER);
    let (run, _) = user.create_subkey("Software\\Microsoft\\Windows\\CurrentVersion\\Run")?; //~ file.write Software\Microsoft\Windows\CurrentVersion\Run
    run.set_value("app", &path) //~ file.write app
}
