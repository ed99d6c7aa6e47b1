//! dependency: clipboard-win = "5.4.0"
pub fn swap() -> Option<()> {
    let text = clipboard_win::get_clipboard_string().ok()?; //~ clipboard.read text
    clipboard_win::set_clipboard_string(text.trim()).ok() //~ clipboard.write text
}
