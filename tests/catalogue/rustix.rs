//! dependency: rustix = { version = "1.1.6", features = ["fs", "mm", "net", "process", "system", "time"] }
use rustix::fs::{Mode, OFlags};

pub fn open() -> rustix::io::Result<rustix::fd::OwnedFd> {
    rustix::fs::open("/etc/hostname", OFlags::RDONLY, Mode::empty()) //~ file.read /etc/hostname
}

pub fn alone() -> rustix::io::Result<()> {
    rustix::process::setsid()?; //~ process.detach setsid
    Ok(())
}

pub fn set(time: rustix::time::Timespec) -> rustix::io::Result<()> {
    rustix::time::clock_settime(rustix::time::ClockId::Realtime, time) //~ clock.set clock
}

use rustix::mm::{mmap_anonymous, MapFlags, ProtFlags};

pub unsafe fn page(size: usize) -> rustix::io::Result<*mut std::ffi::c_void> {
    mmap_anonymous(std::ptr::null_mut(), size, ProtFlags::WRITE | ProtFlags::EXEC, MapFlags::PRIVATE) //~ code.execute-memory
}

pub struct Folder {
    at: rustix::fd::OwnedFd,
}

impl Folder {
    pub fn key(&self) -> rustix::io::Result<rustix::fd::OwnedFd> {
        rustix::fs::openat(&self.at, "id_rsa", OFlags::RDONLY, Mode::empty()) //~ file.read id_rsa
    }

    pub fn drop_key(&self) -> rustix::io::Result<()> {
        rustix::fs::unlinkat(&self.at, "id_rsa", rustix::fs::AtFlags::empty()) //~ file.delete id_rsa
    }
}

pub fn agent(socket: &rustix::fd::OwnedFd) -> rustix::io::Result<()> {
    let at = rustix::net::SocketAddrUnix::new("/run/agent.sock")?;
    rustix::net::connect(socket, &at) //~ net.connect /run/agent.sock
}
