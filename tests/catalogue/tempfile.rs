//! dependency: tempfile = "3.23.0"
use tempfile::NamedTempFile;

pub fn keep() -> std::io::Result<NamedTempFile> {
    NamedTempFile::new() //~ file.write {temp}
}

pub fn place(text: &str) -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("a.sh"), text) //~ file.write {temp}/a.sh
}
