//! dependency: sysinfo = "0.37.2"
use sysinfo::System;

pub fn profile() -> Option<String> {
    System::host_name() //~ guard.host hostname
}

pub fn watched() -> bool {
    let system = System::new_all();
    let found = system.processes_by_name("wireshark".as_ref()).count(); //~ guard.debugger wireshark
    found > 0
}
