//! dependency: ctr = "0.9.2"
//! dependency: aes = "0.8.4"
use aes::cipher::{KeyIvInit, StreamCipher};
use aes::Aes128;

type Aes128Ctr64LE = ctr::Ctr64LE<aes::Aes128>;

pub fn open(data: &mut [u8]) {
    let mut cipher = Aes128Ctr64LE::new(&[7u8; 16].into(), &[0u8; 16].into());
    cipher.apply_keystream(data); //~ code.decode
}

pub fn chained(data: &mut [u8]) {
    ctr::Ctr128BE::<Aes128>::new(&[7u8; 16].into(), &[0u8; 16].into()).apply_keystream(data); //~ code.decode
}

pub struct Stream {
    cipher: ctr::Ctr128BE<Aes128>,
}

impl Stream {
    pub fn next(&mut self, chunk: &mut [u8]) {
        self.cipher.apply_keystream(chunk); //~ code.decode
    }
}
