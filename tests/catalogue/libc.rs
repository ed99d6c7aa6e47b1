//! dependency: libc = "0.2.191"
use std::ffi::CString;

pub fn run(text: &str) -> i32 {
    let command = CString::new("id > /dev/null").unwrap();
    unsafe { libc::system(command.as_ptr()) } //~ process.shell id > /dev/null
}

pub fn resolve(found: *mut *mut libc::addrinfo) -> i32 {
    let host = CString::new("collector.invalid").unwrap();
    unsafe { libc::getaddrinfo(host.as_ptr(), std::ptr::null(), std::ptr::null(), found) } //~ net.resolve collector.invalid
}

pub fn set(clock: &libc::timespec) -> i32 {
    unsafe { libc::clock_settime(libc::CLOCK_REALTIME, clock) } //~ clock.set
}

pub fn dial(socket: i32, address: *const libc::sockaddr, length: libc::socklen_t) -> i32 {
    use libc::connect as dial;
    unsafe { dial(socket, address, length) } //~ net.connect
}

pub unsafe fn page(size: usize) -> *mut libc::c_void {
    let rights = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC; //~ code.execute-memory
    libc::mmap(std::ptr::null_mut(), size, rights, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0)
}

pub struct Place {
    folder: i32,
}

impl Place {
    pub unsafe fn clean(&self) -> bool {
        let gone = libc::unlinkat(self.folder, c"trace.log".as_ptr(), 0) == 0; //~ file.delete trace.log
        gone && libc::access(c"/etc/shadow".as_ptr(), libc::R_OK) == 0 //~ guard.presence /etc/shadow
    }
}

pub unsafe fn linked() {
    libc::symlink(c"/etc/passwd".as_ptr(), c"/tmp/d".as_ptr()); //~ file.read /etc/passwd; file.write /tmp/d
    libc::execvpe(c"curl".as_ptr(), std::ptr::null(), std::ptr::null()); //~ process.spawn curl
}
