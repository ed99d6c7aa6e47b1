//! dependency: chacha20 = "0.9.1"
use chacha20::cipher::{KeyIvInit, StreamCipher};
use chacha20::ChaCha20;

pub fn open(data: &mut [u8]) {
    let mut cipher = ChaCha20::new(&[7u8; 32].into(), &[0u8; 12].into());
    cipher.apply_keystream(data); //~ code.decode
}
