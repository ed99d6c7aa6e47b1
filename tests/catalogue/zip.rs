//! dependency: zip = "6.0.0"
use std::fs::File;
use std::io::Cursor;
use zip::result::ZipResult;
use zip::ZipArchive;

pub fn unpack() -> ZipResult<()> {
    let mut archive = ZipArchive::new(File::open("tool.zip")?)?;
    archive.extract("/opt/tool") //~ file.write /opt/tool
}

pub fn chained(data: Vec<u8>) -> ZipResult<()> {
    ZipArchive::new(Cursor::new(data))?.extract("/usr/local/lib/tool") //~ file.write /usr/local/lib/tool
}

pub struct Bundle {
    archive: ZipArchive<File>,
}

impl Bundle {
    pub fn payload_size(&mut self) -> ZipResult<u64> {
        let file = self.archive.by_name_decrypt("payload.bin", b"secret")?; //~ code.decode payload.bin
        Ok(file.size())
    }
}

pub fn streamed(data: &[u8]) -> ZipResult<()> {
    let reader = zip::unstable::stream::ZipStreamReader::new(data);
    reader.extract("/opt/stream") //~ file.write /opt/stream
}

pub fn borrowed(archive: &mut zip::read::ZipArchive<File>) -> ZipResult<()> {
    archive.extract_unwrapped_root_dir("/opt/root", zip::read::root_dir_common_filter) //~ file.write /opt/root
}
