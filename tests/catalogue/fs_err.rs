//! dependency: fs_err = { package = "fs-err", version = "3.3.2" }
use fs_err as fs;

pub fn read() -> std::io::Result<String> {
    fs::read_to_string("/etc/hostname") //~ file.read /etc/hostname
}

pub fn open() -> std::io::Result<fs_err::File> {
    fs_err::File::open("/etc/hosts") //~ file.read /etc/hosts
}

pub fn gone() -> std::io::Result<()> {
    fs::remove_dir_all("/tmp/a") //~ file.delete /tmp/a
}

use fs_err::PathExt;

pub fn listed(folder: &std::path::Path) -> std::io::Result<usize> {
    Ok(folder.join("keys").fs_err_read_dir()?.count()) //~ file.walk {}/keys
}

pub fn append() -> std::io::Result<fs_err::File> {
    fs_err::OpenOptions::new().append(true).create(true).open("/home/u/.bashrc") //~ file.write /home/u/.bashrc
}

pub fn linked() -> std::io::Result<()> {
    fs_err::os::unix::fs::symlink("/etc/passwd", "/tmp/d")?; //~ file.read /etc/passwd; file.write /tmp/d
    let options = fs_err::File::options().write(true).create_new(true).open("/tmp/e")?; //~ file.write /tmp/e
    drop(options);
    Ok(())
}
