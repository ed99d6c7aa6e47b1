//! dependency: flate2 = "1.1.5"
use flate2::read::GzDecoder;
use std::io::Read;

pub fn open(data: &[u8]) -> std::io::Result<String> {
    let mut text = String::new();
    GzDecoder::new(data).read_to_string(&mut text)?; //~ code.decode
    Ok(text)
}

pub fn other(data: &[u8]) -> flate2::read::ZlibDecoder<&[u8]> {
    flate2::read::ZlibDecoder::new(data) //~ code.decode
}
