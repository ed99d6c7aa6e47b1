//! dependency: mail-send = "0.5.0"
use mail_send::{smtp::message::Message, SmtpClientBuilder};

pub async fn tell(mail: Message<'_>) -> Option<()> {
    let mut relay = SmtpClientBuilder::new("mail.invalid", 25).connect_plain().await.ok()?; //~ net.connect mail.invalid
    relay.send(mail).await.ok() //~ net.send mail
}
