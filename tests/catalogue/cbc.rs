//! dependency: cbc = { version = "0.1.2", features = ["alloc"] }
//! dependency: aes = "0.8.4"
use aes::cipher::block_padding::{Pkcs7, UnpadError};
use aes::cipher::{BlockDecryptMut, KeyIvInit};
use aes::Aes256;

type Aes128CbcDec = cbc::Decryptor<aes::Aes128>;

pub fn open(data: &mut [u8]) -> Result<&[u8], UnpadError> {
    let cipher = Aes128CbcDec::new(&[7u8; 16].into(), &[0u8; 16].into());
    cipher.decrypt_padded_mut::<Pkcs7>(data) //~ code.decode
}

pub fn chained(data: &[u8]) -> Result<Vec<u8>, UnpadError> {
    cbc::Decryptor::<Aes256>::new(&[7u8; 32].into(), &[0u8; 16].into())
        .decrypt_padded_vec_mut::<Pkcs7>(data) //~ code.decode
}
