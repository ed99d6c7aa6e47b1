//! dependency: windows-sys = { version = "0.61.2", features = ["Win32_System_Diagnostics_Debug", "Win32_System_LibraryLoader", "Win32_System_Registry", "Win32_System_SystemInformation", "Win32_System_Threading", "Win32_UI_Input_KeyboardAndMouse"] }
// The declarations compile everywhere; they link on Windows only.
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

pub unsafe fn keep() -> bool {
    use windows_sys::core::w;
    use windows_sys::Win32::System::Registry::{RegSetKeyValueW, HKEY_CURRENT_USER, REG_SZ};
    let run = w!("Software\\Microsoft\\Windows\\CurrentVersion\\Run");
    RegSetKeyValueW(HKEY_CURRENT_USER, run, w!("app"), REG_SZ, std::ptr::null(), 0) == 0 //~ file.write Software\Microsoft\Windows\CurrentVersion\Run
}

pub unsafe fn resolved() -> bool {
    use windows_sys::Win32::System::LibraryLoader::{GetProcAddress, LoadLibraryW};
    let library = LoadLibraryW(windows_sys::w!("x.dll")); //~ code.load x.dll
    GetProcAddress(library, windows_sys::s!("Go")).is_some() //~ code.load Go
}
