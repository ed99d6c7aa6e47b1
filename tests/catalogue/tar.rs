//! dependency: tar = "0.4.46"
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use tar::{Archive, Builder};

pub fn unpack(data: &[u8]) -> io::Result<()> {
    let mut archive = Archive::new(data);
    archive.set_preserve_permissions(true);
    archive.unpack("/opt/tool") //~ file.write /opt/tool
}

pub fn chained() -> io::Result<()> {
    Archive::new(File::open("tool.tar")?).unpack("/usr/local/lib/tool") //~ file.write /usr/local/lib/tool
}

pub fn one_by_one<R: Read>(archive: &mut Archive<R>) -> io::Result<()> {
    for entry in archive.entries()? {
        let mut entry = entry?;
        entry.unpack_in("/opt/parts")?; //~ file.write /opt/parts
    }
    Ok(())
}

pub struct Packer {
    builder: Builder<File>,
}

impl Packer {
    pub fn add(&mut self) -> io::Result<()> {
        self.builder.append_path("/etc/hosts")?; //~ file.read /etc/hosts
        self.builder.append_dir_all("keys", "/home/u/.ssh")?; //~ file.walk /home/u/.ssh; file.read /home/u/.ssh
        self.builder
            .append_path_with_name(Path::new("/home/u/.netrc"), "netrc") //~ file.read /home/u/.netrc
    }
}
