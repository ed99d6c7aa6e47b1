//! dependency: hyper-util = { version = "0.1.17", features = ["client-legacy", "http1", "tokio"] }
//! dependency: hyper = "1.7.0"
//! dependency: http-body-util = "0.1.3"
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

pub async fn report(text: String) -> Option<()> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::post("http://collector.invalid/in") //~ net.send http://collector.invalid/in
        .body(Full::new(Bytes::from(text)))
        .ok()?;
    client.request(request).await.ok()?; //~ net.send
    Some(())
}
