//! dependency: aes = "0.8.4"
use aes::cipher::generic_array::GenericArray;
use aes::cipher::{BlockDecrypt, KeyInit};
use aes::Aes128;

pub fn open(data: &mut [u8; 16]) {
    let cipher = Aes128::new(GenericArray::from_slice(&[7u8; 16]));
    cipher.decrypt_block(GenericArray::from_mut_slice(data)); //~ code.decode
}
