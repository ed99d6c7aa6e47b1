//! dependency: bzip2 = "0.6.1"
use bzip2::read::{BzDecoder, MultiBzDecoder};
use std::io::{self, Read};

pub fn open(data: &[u8]) -> io::Result<String> {
    let mut text = String::new();
    BzDecoder::new(data).read_to_string(&mut text)?; //~ code.decode
    Ok(text)
}

pub struct Stream<R: Read> {
    inner: MultiBzDecoder<R>,
}

impl<R: Read> Stream<R> {
    pub fn new(source: R) -> Self {
        Self { inner: MultiBzDecoder::new(source) } //~ code.decode
    }

    pub fn next(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.inner.read(into)
    }
}
