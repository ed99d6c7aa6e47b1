//! dependency: screenshots = "0.8.10"
use screenshots::Screen;

pub fn take() -> Option<()> {
    let screen = Screen::from_point(0, 0).ok()?;
    screen.capture().ok()?; //~ screen.capture screen
    Some(())
}
