//! dependency: tungstenite = "0.28.0"
use tungstenite::{connect, Message};

pub fn report(text: String) -> Result<(), tungstenite::Error> {
    let (mut socket, _) = connect("ws://collector.invalid/in")?; //~ net.connect ws://collector.invalid/in
    socket.send(Message::Text(text.into()))?;
    Ok(())
}

pub fn again() -> Result<(), tungstenite::Error> {
    let _ = tungstenite::connect("ws://collector.invalid/again")?; //~ net.connect ws://collector.invalid/again
    Ok(())
}
