//! dependency: cmd_lib = "1.9.5"
use cmd_lib::run_cmd;

pub fn list() {
    let _ = run_cmd!(ls "/tmp"); //~ process.shell
}
