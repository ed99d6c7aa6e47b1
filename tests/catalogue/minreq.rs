//! dependency: minreq = { version = "2.14.1", features = ["https"] }

pub fn report(text: String) -> Result<(), minreq::Error> {
    minreq::post("http://collector.invalid/in").with_body(text).send()?; //~ net.send http://collector.invalid/in
    Ok(())
}

pub fn fetch(name: &str) -> Result<Vec<u8>, minreq::Error> {
    let request = minreq::get(format!("http://files.invalid/{name}")); //~ net.connect http://files.invalid/{}
    let answer = request.with_timeout(5).send()?;
    Ok(answer.into_bytes()) //~ net.receive
}

pub fn other() -> minreq::Request {
    minreq::Request::new(minreq::Method::Put, "http://collector.invalid/p") //~ net.send http://collector.invalid/p
}
