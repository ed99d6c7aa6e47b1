//! dependency: socket2 = "0.6.1"
use socket2::{Domain, SockAddr, Socket, Type};
use std::net::SocketAddr;

pub fn report(text: &[u8]) -> std::io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let address: SocketAddr = "192.0.2.7:443".parse().unwrap();
    socket.connect(&SockAddr::from(address))?; //~ net.connect
    socket.send(text)?; //~ net.send
    Ok(())
}
