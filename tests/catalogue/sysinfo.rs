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

pub struct Machine {
    system: System,
}

impl Machine {
    pub fn look() -> Self {
        Machine { system: System::new_with_specifics(sysinfo::RefreshKind::everything()) }
    }

    pub fn secrets(&self, pid: sysinfo::Pid) -> Option<usize> {
        Some(self.system.process(pid)?.environ().len()) //~ env.read-all *
    }
}

pub fn is_virtual() -> bool {
    sysinfo::Product::vendor_name().is_some_and(|one| one.contains("VMware")) //~ guard.host machine
}
