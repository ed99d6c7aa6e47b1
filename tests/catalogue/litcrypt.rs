//! dependency: litcrypt = "0.4.0"
#[macro_use]
extern crate litcrypt;

use_litcrypt!();

pub fn dial() -> std::io::Result<std::net::TcpStream> {
    std::net::TcpStream::connect(lc!("collector.invalid:443")) //~ code.decode collector.invalid:443; net.connect collector.invalid:443
}
