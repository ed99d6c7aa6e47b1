//! dependency: fs_err = { package = "fs-err", version = "3.1.3" }
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
