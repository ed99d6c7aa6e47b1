//! dependency: which = "8.0.6"
use std::path::PathBuf;
use std::process::Command;

pub fn chained() -> Result<bool, Box<dyn std::error::Error>> {
    Ok(Command::new(which::which("git")?).arg("--version").status()?.success()) //~ guard.presence git; process.spawn git
}

pub struct Tool {
    path: PathBuf,
}

impl Tool {
    pub fn find() -> Option<Self> {
        let path = which::which_global("curl").ok()?; //~ guard.presence curl
        Some(Tool { path })
    }

    pub fn fetch(&self) -> std::io::Result<bool> {
        Ok(Command::new(&self.path).arg("http://files.invalid/x").status()?.success()) //~ process.spawn
    }
}

pub fn configured() -> which::Result<PathBuf> {
    let config = which::WhichConfig::new().system_cwd(false).system_path_list();
    config.binary_name("wget".into()).first_result() //~ guard.presence wget
}
