//! dependency: enigo = "0.2.1"
use enigo::{Enigo, Keyboard, Settings};

pub fn write() {
    let mut enigo = Enigo::new(&Settings::default()).unwrap();
    enigo.text("hello").unwrap(); //~ mention types
}
