//! dependency: hyper = { version = "0.14.32", features = ["full"] }
use hyper::{Body, Client, Method, Request, Uri};

pub async fn report(text: String) -> Option<()> {
    let client = Client::new();
    let request = Request::builder()
        .method(Method::POST)
        .uri("http://collector.invalid/in") //~ net.connect http://collector.invalid/in
        .body(Body::from(text))
        .ok()?;
    client.request(request).await.ok()?; //~ net.send
    Some(())
}

pub async fn fetch() -> Option<()> {
    let client = Client::new();
    client.get(Uri::from_static("http://files.invalid/x")).await.ok()?; //~ net.connect
    Some(())
}

pub fn short(text: String) -> Option<Request<Body>> {
    Request::post("http://collector.invalid/p").body(Body::from(text)).ok() //~ net.send http://collector.invalid/p
}
