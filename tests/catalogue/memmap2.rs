//! dependency: memmap2 = "0.9.12"
use memmap2::MmapMut;

pub fn run(code: &[u8]) -> std::io::Result<()> {
    let mut page = MmapMut::map_anon(4096)?;
    page[..code.len()].copy_from_slice(code);
    let page = page.make_exec()?; //~ code.execute-memory make_exec
    let _ = page.len();
    Ok(())
}

pub fn mapped(file: &std::fs::File) -> std::io::Result<memmap2::Mmap> {
    unsafe { memmap2::MmapOptions::new().offset(4096).populate().map_exec(file) } //~ code.execute-memory map_exec
}

pub fn chained() -> std::io::Result<memmap2::Mmap> {
    memmap2::MmapOptions::new().len(4096).map_anon()?.make_exec() //~ code.execute-memory make_exec
}
