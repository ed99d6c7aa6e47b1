//! dependency: libc = "0.2.177"
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
