//! dependency: aes-gcm = "0.10.3"
use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, Key, KeyInit, Nonce};

pub fn open(data: &[u8]) -> Option<Vec<u8>> {
    let cipher = Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(&[7u8; 32]));
    cipher.decrypt(Nonce::from_slice(&[0u8; 12]), data).ok() //~ code.decode
}
