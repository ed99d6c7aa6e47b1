//! dependency: clipboard = "0.5.0"
use clipboard::{ClipboardContext, ClipboardProvider};

pub fn read() -> Option<String> {
    let mut held: ClipboardContext = ClipboardProvider::new().ok()?;
    held.get_contents().ok() //~ clipboard.read text
}
