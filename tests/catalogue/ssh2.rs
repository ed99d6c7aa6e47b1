//! dependency: ssh2 = "0.9.5"
use ssh2::Session;
use std::net::TcpStream;
use std::path::Path;

pub fn upload() -> Option<()> {
    let stream = TcpStream::connect("files.invalid:22").ok()?; //~ net.connect files.invalid:22
    let mut session = Session::new().ok()?;
    session.set_tcp_stream(stream);
    session.handshake().ok()?; //~ net.connect ssh
    session.userauth_pubkey_file("u", None, Path::new("/home/u/.ssh/id_rsa"), None).ok()?; //~ path.secret /home/u/.ssh/id_rsa
    session.scp_send(Path::new("in.txt"), 0o600, 4, None).ok()?; //~ net.send in.txt
    Some(())
}
