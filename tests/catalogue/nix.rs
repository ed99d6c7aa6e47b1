//! dependency: nix = { version = "0.30.1", features = ["dir", "fs", "hostname", "mman", "net", "process", "ptrace", "socket", "time"] }
use std::ffi::CString;

pub fn run() -> nix::Result<()> {
    let program = CString::new("/bin/sh").unwrap();
    nix::unistd::execv(&program, &[c"sh"])?; //~ process.spawn /bin/sh
    Ok(())
}

pub fn alone() -> nix::Result<()> {
    nix::unistd::setsid()?; //~ process.detach setsid
    Ok(())
}

pub fn hidden() -> nix::Result<()> {
    nix::sys::memfd::memfd_create(c"x", nix::sys::memfd::MFdFlags::empty())?; //~ code.execute-memory x
    Ok(())
}

use nix::sys::mman::{mmap_anonymous, MapFlags, ProtFlags};
use nix::sys::socket::{connect, sendto, MsgFlags, SockaddrIn};
use std::str::FromStr;

pub fn report(socket: i32, text: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    let to = SockaddrIn::from_str("192.0.2.7:53")?;
    connect(socket, &to)?; //~ net.connect 192.0.2.7:53
    sendto(socket, text, &to, MsgFlags::empty())?; //~ net.send 192.0.2.7:53
    Ok(())
}

pub unsafe fn page(size: std::num::NonZeroUsize) -> nix::Result<std::ptr::NonNull<std::ffi::c_void>> {
    mmap_anonymous(None, size, ProtFlags::PROT_WRITE | ProtFlags::PROT_EXEC, MapFlags::MAP_PRIVATE) //~ code.execute-memory
}

pub struct Walk {
    folder: nix::dir::Dir,
}

impl Walk {
    pub fn open() -> nix::Result<Self> {
        use nix::fcntl::OFlag;
        let folder = nix::dir::Dir::open("/home/u", OFlag::O_DIRECTORY, nix::sys::stat::Mode::empty())?; //~ file.walk /home/u
        Ok(Walk { folder })
    }

    pub fn count(&mut self) -> usize {
        self.folder.iter().count()
    }
}
