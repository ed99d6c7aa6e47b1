//! dependency: russh = { version = "0.54.5", default-features = false, features = ["ring"] }
use std::sync::Arc;

pub async fn run<H>(config: Arc<russh::client::Config>, handler: H) -> Option<()>
where
    H: russh::client::Handler + Send + 'static,
{
    let session = russh::client::connect(config, ("files.invalid", 22), handler).await.ok()?; //~ net.connect files.invalid:22
    let channel = session.channel_open_session().await.ok()?;
    channel.exec(true, "id").await.ok()?; //~ net.send ssh
    Some(())
}
