//! dependency: tempfile = "3.27.0"
use std::io::Write;
use tempfile::NamedTempFile;

pub fn keep() -> std::io::Result<NamedTempFile> {
    NamedTempFile::new() //~ file.write {temp}
}

pub fn place(text: &str) -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("a.sh"), text) //~ file.write {temp}/a.sh
}

pub fn plant(text: &str) -> std::io::Result<()> {
    let mut file = tempfile::Builder::new().prefix("x").suffix(".sh").tempfile()?; //~ file.write {temp}
    file.write_all(text.as_bytes())?;
    file.persist("/usr/local/bin/x")?; //~ file.write /usr/local/bin/x
    Ok(())
}

pub struct Work {
    folder: tempfile::TempDir,
}

impl Work {
    pub fn save(&self, text: &str) -> std::io::Result<()> {
        std::fs::write(self.folder.path().join("x"), text) //~ file.write {temp}/x
    }
}
