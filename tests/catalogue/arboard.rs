//! dependency: arboard = { version = "3.6.1", default-features = false }
use arboard::Clipboard;

pub fn read() -> Option<String> {
    let mut clipboard = Clipboard::new().ok()?;
    clipboard.get_text().ok() //~ clipboard.read text
}
