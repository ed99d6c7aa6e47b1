//! dependency: openssh = "0.11.4"
use openssh::{KnownHosts, Session};

pub async fn run() -> Result<(), openssh::Error> {
    let session = Session::connect("me@host.invalid", KnownHosts::Strict).await?; //~ net.connect me@host.invalid
    session.command("ls").output().await?; //~ net.send me@host.invalid
    Ok(())
}
