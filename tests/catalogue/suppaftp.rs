//! dependency: suppaftp = "6.3.0"
use suppaftp::FtpStream;

pub fn upload(mut text: &[u8]) -> Option<()> {
    let mut stream = FtpStream::connect("files.invalid:21").ok()?; //~ net.connect files.invalid:21
    stream.login("anonymous", "x").ok()?;
    stream.put_file("in.txt", &mut text).ok()?; //~ net.send in.txt
    stream.retr_as_buffer("out.txt").ok()?; //~ net.receive out.txt
    Some(())
}
