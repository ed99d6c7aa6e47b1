//! dependency: memfd = "0.6.6"

pub fn hidden() -> Option<memfd::Memfd> {
    memfd::MemfdOptions::default().close_on_exec(false).create("x").ok() //~ code.execute-memory x
}

pub fn stored() -> Result<std::fs::File, memfd::Error> {
    let options = memfd::MemfdOptions::new().allow_sealing(true).hugetlb(None);
    let memory = options.create("stage")?; //~ code.execute-memory stage
    Ok(memory.into_file())
}

pub struct Stage {
    options: memfd::MemfdOptions,
}

impl Stage {
    pub fn place(&self) -> Result<memfd::Memfd, memfd::Error> {
        self.options.create("kept") //~ code.execute-memory kept
    }
}
