//! dependency: teloxide = "0.13.0"
use teloxide::prelude::*;
use teloxide::types::ChatId;

pub async fn tell(text: String) {
    let bot = Bot::new("token"); //~ net.connect
    let _ = bot.send_message(ChatId(-1), text).await; //~ net.send https://api.telegram.org/
}
