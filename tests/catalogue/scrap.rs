//! dependency: scrap = "0.5.0"

pub fn take(display: scrap::Display) -> std::io::Result<scrap::Capturer> {
    scrap::Capturer::new(display) //~ screen.capture screen
}
