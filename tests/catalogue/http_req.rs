//! dependency: http_req = "0.13.0"
use http_req::request::{self, Request};
use http_req::uri::Uri;

pub fn report(text: &[u8], answer: &mut Vec<u8>) -> Option<()> {
    request::post("http://collector.invalid/in", text, answer).ok()?; //~ net.send http://collector.invalid/in
    Some(())
}

pub fn fetch(answer: &mut Vec<u8>) -> Option<()> {
    let uri = Uri::try_from("http://files.invalid/x").ok()?;
    Request::new(&uri).send(answer).ok()?; //~ net.connect; net.send
    Some(())
}

pub fn short(answer: &mut Vec<u8>) -> Option<()> {
    request::get("http://files.invalid/y", answer).ok()?; //~ net.connect http://files.invalid/y
    Some(())
}
