//! dependency: async-std = { version = "1.13.2", features = ["unstable"] }
use async_std::io::WriteExt;
use async_std::net::TcpStream;

pub async fn report(text: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect("collector.invalid:443").await?; //~ net.connect collector.invalid:443
    stream.write_all(text.as_bytes()).await?; //~ net.send
    Ok(())
}

pub async fn read() -> std::io::Result<Vec<u8>> {
    async_std::fs::read("/etc/hostname").await //~ file.read /etc/hostname
}

pub async fn keep(text: &str) -> std::io::Result<()> {
    async_std::fs::write("/tmp/a", text).await //~ file.write /tmp/a
}

pub async fn run() -> std::io::Result<bool> {
    let mut command = async_std::process::Command::new("sh"); //~ process.spawn sh; process.shell id
    Ok(command.reap_on_drop(true).arg("-c").arg("id").status().await?.success())
}

pub async fn append() -> std::io::Result<async_std::fs::File> {
    async_std::fs::OpenOptions::new().append(true).open("/home/u/.bashrc").await //~ file.write /home/u/.bashrc
}
