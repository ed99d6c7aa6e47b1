//! dependency: smol = "2.0.2"
use smol::io::AsyncWriteExt;
use smol::net::TcpStream;
use smol::process::Command;

pub async fn report(text: &str) -> std::io::Result<()> {
    let mut stream = TcpStream::connect("collector.invalid:443").await?; //~ net.connect collector.invalid:443
    stream.write_all(text.as_bytes()).await?; //~ net.send
    Ok(())
}

pub fn run() -> std::io::Result<()> {
    smol::block_on(Command::new("sh").arg("-c").arg("id").status())?; //~ process.spawn sh; process.shell id
    Ok(())
}

pub async fn read() -> std::io::Result<Vec<u8>> {
    smol::fs::read("/etc/hostname").await //~ file.read /etc/hostname
}

pub async fn append() -> std::io::Result<smol::fs::File> {
    smol::fs::OpenOptions::new().append(true).open("/home/u/.bashrc").await //~ file.write /home/u/.bashrc
}

pub async fn ask() -> std::io::Result<usize> {
    Ok(smol::net::resolve("label.collector.invalid:80").await?.len()) //~ net.resolve label.collector.invalid:80
}
