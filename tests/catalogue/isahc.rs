//! dependency: isahc = "1.7.2"
use isahc::prelude::*;
use isahc::{HttpClient, Request};

pub fn report(text: String) -> Result<(), isahc::Error> {
    isahc::post("https://collector.invalid/in", text)?; //~ net.send https://collector.invalid/in
    Ok(())
}

pub struct Reporter {
    client: HttpClient,
}

impl Reporter {
    pub fn new() -> Result<Self, isahc::Error> {
        Ok(Self { client: HttpClient::new()? })
    }

    pub fn send(&self, text: String) -> Result<(), isahc::Error> {
        self.client.put("https://collector.invalid/put", text)?; //~ net.send https://collector.invalid/put
        Ok(())
    }
}

pub fn built(text: &str) -> Result<(), isahc::Error> {
    Request::post("https://collector.invalid/built") //~ net.send https://collector.invalid/built
        .header("x-a", "b")
        .body(text)?
        .send()?;
    Ok(())
}
