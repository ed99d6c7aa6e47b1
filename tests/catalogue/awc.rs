//! dependency: awc = { version = "3.7.0", default-features = false }

pub async fn report(text: String) -> Option<()> {
    let client = awc::Client::default();
    client.post("http://collector.invalid/in").send_body(text).await.ok()?; //~ net.send http://collector.invalid/in
    Some(())
}

pub struct Poller {
    client: awc::Client,
}

impl Poller {
    pub async fn poll(&self) -> Option<()> {
        let mut answer = self.client.get("http://files.invalid/x").send().await.ok()?; //~ net.connect http://files.invalid/x
        answer.body().await.ok()?; //~ net.receive
        Some(())
    }
}
