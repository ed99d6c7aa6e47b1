//! dependency: cryptify = "3.1.1"

pub fn dial() -> std::io::Result<std::net::TcpStream> {
    std::net::TcpStream::connect(cryptify::encrypt_string!("collector.invalid:443")) //~ code.decode collector.invalid:443; net.connect collector.invalid:443
}
