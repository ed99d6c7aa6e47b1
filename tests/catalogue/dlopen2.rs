//! dependency: dlopen2 = "0.8.2"
use dlopen2::raw::Library;

pub fn call() -> Option<()> {
    let library = Library::open("/tmp/libx.so").ok()?; //~ code.load /tmp/libx.so
    let run: unsafe extern "C" fn() = unsafe { library.symbol("run") }.ok()?; //~ code.load run
    unsafe { run() };
    Some(())
}
