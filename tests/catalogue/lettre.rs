//! dependency: lettre = { version = "0.11.18", default-features = false, features = ["smtp-transport", "builder"] }
use lettre::{Message, SmtpTransport, Transport};

pub fn report(mail: &Message) -> Option<()> {
    let relay = SmtpTransport::builder_dangerous("mail.invalid").port(2525).build(); //~ net.connect mail.invalid
    relay.send(mail).ok()?; //~ net.send mail
    Some(())
}
