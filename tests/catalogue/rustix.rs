//! dependency: rustix = { version = "1.1.2", features = ["fs", "process", "system", "time"] }
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
