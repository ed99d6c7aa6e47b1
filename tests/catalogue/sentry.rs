//! dependency: sentry = { version = "0.35.0", default-features = false }
use sentry::Level;

pub fn tell(text: &str) {
    let _guard = sentry::init("https://key@sentry.invalid/1"); //~ net.connect https://key@sentry.invalid/1
    sentry::capture_message(text, Level::Info); //~ net.send sentry
}
