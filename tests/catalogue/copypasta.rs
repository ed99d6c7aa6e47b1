//! dependency: copypasta = "0.10.2"
use copypasta::{ClipboardContext, ClipboardProvider};

pub fn read() -> Option<String> {
    let mut clipboard = ClipboardContext::new().ok()?;
    clipboard.get_contents().ok() //~ clipboard.read text
}
