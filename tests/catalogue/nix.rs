//! dependency: nix = { version = "0.30.1", features = ["process", "fs", "hostname", "ptrace", "time"] }
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
