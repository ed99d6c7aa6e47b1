//! dependency: chacha20poly1305 = "0.10.1"
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};

pub fn open(data: &[u8]) -> Option<Vec<u8>> {
    let cipher = ChaCha20Poly1305::new(Key::from_slice(&[7u8; 32]));
    cipher.decrypt(Nonce::from_slice(&[0u8; 12]), data).ok() //~ code.decode
}
