//! dependency: portable-pty = "0.8.1"
use portable_pty::CommandBuilder;

pub fn shell() -> CommandBuilder {
    let mut cmd = CommandBuilder::new("bash"); //~ process.spawn bash
    cmd.arg("-l");
    cmd
}
