//! dependency: inputbot = "0.6.0"
use inputbot::{KeybdKey, MouseButton};

pub fn watch() {
    KeybdKey::bind_all(|key| println!("{key:?}")); //~ input.capture keys
    MouseButton::bind_all(|button| println!("{button:?}")); //~ input.capture mouse
    inputbot::handle_input_events(); //~ input.capture keys
}
