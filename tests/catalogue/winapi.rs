//! dependency: winapi = { version = "0.3.9", features = ["debugapi", "fileapi", "handleapi", "sysinfoapi", "tlhelp32", "winbase", "winuser"] }
// Windows only: names were checked against the source, not compiled.
use winapi::um::winuser::GetAsyncKeyState;

pub unsafe fn keys() -> i16 {
    GetAsyncKeyState(1) //~ input.capture keys
}

pub unsafe fn watched() -> bool {
    winapi::um::debugapi::IsDebuggerPresent() != 0 //~ guard.debugger debugger
}

pub unsafe fn gone(path: &[u16]) -> bool {
    winapi::um::fileapi::DeleteFileW(path.as_ptr()) != 0 //~ file.delete
}

pub unsafe fn run() -> u32 {
    use winapi::um::winbase::WinExec;
    WinExec(c"cmd /c dir".as_ptr(), 0) //~ process.shell cmd /c dir
}

pub unsafe fn look() -> bool {
    use winapi::um::tlhelp32::{CreateToolhelp32Snapshot, TH32CS_SNAPPROCESS};
    let found = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0); //~ guard.debugger processes
    found != winapi::um::handleapi::INVALID_HANDLE_VALUE
}
