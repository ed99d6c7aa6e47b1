//! dependency: goldberg = "0.1.0"
use goldberg::goldberg_string;
use std::net::TcpStream;

pub fn dial() -> std::io::Result<TcpStream> {
    TcpStream::connect(goldberg_string!("collector.invalid:443")) //~ code.decode collector.invalid:443; net.connect collector.invalid:443
}

pub fn name() -> String {
    String::from(goldberg_string!("agent")) //~ code.decode agent
}
