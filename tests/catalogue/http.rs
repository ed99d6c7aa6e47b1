//! dependency: http = "1.3.1"
use http::Request;

pub fn report(text: String) -> http::Result<Request<String>> {
    Request::post("https://collector.invalid/in").header("x-a", "b").body(text) //~ net.send https://collector.invalid/in
}

pub fn built(text: String) -> http::Result<Request<String>> {
    http::Request::builder()
        .method("PUT")
        .uri("https://collector.invalid/p") //~ net.connect https://collector.invalid/p
        .body(text)
}
