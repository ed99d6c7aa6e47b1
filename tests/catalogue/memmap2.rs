//! dependency: memmap2 = "0.9.9"
use memmap2::MmapMut;

pub fn run(code: &[u8]) -> std::io::Result<()> {
    let mut page = MmapMut::map_anon(4096)?;
    page[..code.len()].copy_from_slice(code);
    let page = page.make_exec()?; //~ code.execute-memory make_exec
    let _ = page.len();
    Ok(())
}
