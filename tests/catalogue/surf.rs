//! dependency: surf = { version = "2.3.2", default-features = false, features = ["h1-client"] }

pub async fn report(text: String) -> surf::Result<()> {
    surf::post("http://collector.invalid/in").body(text).await?; //~ net.send http://collector.invalid/in
    Ok(())
}

pub async fn fetch() -> surf::Result<String> {
    let client = surf::Client::new();
    client.get("http://files.invalid/x").recv_string().await //~ net.connect http://files.invalid/x; net.receive
}
