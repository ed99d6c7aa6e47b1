//! dependency: brotli = "8.0.4"
use std::io::{self, Read};

pub fn open(mut data: &[u8]) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    brotli::BrotliDecompress(&mut data, &mut all)?; //~ code.decode
    Ok(all)
}

pub fn text(data: &[u8]) -> io::Result<String> {
    let mut reader = brotli::Decompressor::new(data, 4096); //~ code.decode
    let mut text = String::new();
    reader.read_to_string(&mut text)?;
    Ok(text)
}
