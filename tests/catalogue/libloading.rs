//! dependency: libloading = "0.8.9"
use libloading::{Library, Symbol};

pub fn call() -> Result<(), libloading::Error> {
    unsafe {
        let library = Library::new("/tmp/libx.so")?; //~ code.load /tmp/libx.so
        let run: Symbol<unsafe extern "C" fn()> = library.get(b"run")?; //~ code.load run
        run();
    }
    Ok(())
}
