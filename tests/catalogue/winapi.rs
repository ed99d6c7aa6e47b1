//! dependency: winapi = { version = "0.3.9", features = ["debugapi", "winuser", "sysinfoapi"] }
// Windows only: names were checked against the source, not compiled.
use winapi::um::winuser::GetAsyncKeyState;

pub unsafe fn keys() -> i16 {
    GetAsyncKeyState(1) //~ input.capture keys
}

pub unsafe fn watched() -> bool {
    winapi::um::debugapi::IsDebuggerPresent() != 0 //~ guard.debugger debugger
}
