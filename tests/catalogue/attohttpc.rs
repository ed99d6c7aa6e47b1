//! dependency: attohttpc = "0.28.5"

pub fn report(text: &str) -> attohttpc::Result<()> {
    let answer = attohttpc::post("https://collector.invalid/in") //~ net.send https://collector.invalid/in
        .header("x-a", "b")
        .text(text)
        .send()?;
    answer.text()?; //~ net.receive
    Ok(())
}

pub fn shared() -> attohttpc::Result<Vec<u8>> {
    let session = attohttpc::Session::new();
    session.get("https://collector.invalid/x").send()?.bytes() //~ net.connect https://collector.invalid/x; net.receive
}

pub fn unchecked() -> attohttpc::Result<attohttpc::Response> {
    attohttpc::get("https://collector.invalid") //~ net.connect https://collector.invalid
        .danger_accept_invalid_certs(true) //~ mention tls-checks-off
        .send()
}
