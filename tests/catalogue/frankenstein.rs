//! dependency: frankenstein = { version = "0.36.0", features = ["http-client"] }
use frankenstein::{Api, SendMessageParams, TelegramApi};

pub fn tell(params: &SendMessageParams) {
    let api = Api::new("token"); //~ net.connect https://api.telegram.org/
    let _ = api.send_message(params); //~ net.send https://api.telegram.org/
}
