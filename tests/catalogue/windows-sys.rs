//! dependency: windows-sys = { version = "0.61.2", features = ["Win32_System_LibraryLoader", "Win32_System_SystemInformation"] }
// Windows only: names were checked against the source, not compiled.
use windows_sys::Win32::System::SystemInformation::SetSystemTime;
use windows_sys::Win32::System::Diagnostics::Debug::IsDebuggerPresent;

pub unsafe fn set(time: *const windows_sys::Win32::Foundation::SYSTEMTIME) {
    SetSystemTime(time); //~ clock.set clock
}

pub unsafe fn watched() -> bool {
    IsDebuggerPresent() != 0 //~ guard.debugger debugger
}

pub unsafe fn keys() -> i16 {
    windows_sys::Win32::UI::Input::KeyboardAndMouse::GetAsyncKeyState(1) //~ input.capture keys
}
