//! dependency: async-process = "2.5.0"
use async_process::Command;

pub async fn run() -> std::io::Result<()> {
    Command::new("wget").arg("http://files.invalid/x").status().await?; //~ process.spawn wget; net.connect http://files.invalid/x
    Ok(())
}
