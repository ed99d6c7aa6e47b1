//! dependency: xz2 = "0.1.7"
use std::io::{self, Read};
use xz2::read::XzDecoder;

pub fn open(data: &[u8]) -> io::Result<String> {
    let mut text = String::new();
    XzDecoder::new(data).read_to_string(&mut text)?; //~ code.decode
    Ok(text)
}

pub fn joined(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut decoder = xz2::bufread::XzDecoder::new_multi_decoder(data); //~ code.decode
    let mut all = Vec::new();
    decoder.read_to_end(&mut all)?;
    Ok(all)
}
