//! dependency: cli-clipboard = "0.4.0"
pub fn swap() -> Option<()> {
    let text = cli_clipboard::get_contents().ok()?; //~ clipboard.read text
    cli_clipboard::set_contents(text.trim().to_string()).ok() //~ clipboard.write text
}
