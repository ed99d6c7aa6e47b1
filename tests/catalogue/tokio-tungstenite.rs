//! dependency: tokio-tungstenite = "0.28.0"
use tokio_tungstenite::connect_async;

pub async fn open() -> Option<()> {
    connect_async("ws://collector.invalid/in").await.ok()?; //~ net.connect ws://collector.invalid/in
    Some(())
}

pub async fn again() -> Option<()> {
    let url = format!("ws://{}.invalid/in", "collector");
    tokio_tungstenite::connect_async(url).await.ok()?; //~ net.connect ws://collector.invalid/in
    Some(())
}
