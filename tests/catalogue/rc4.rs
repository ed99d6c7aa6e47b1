//! dependency: rc4 = "0.1.0"
use rc4::consts::U6;
use rc4::{Key, KeyInit, Rc4, StreamCipher};

pub fn open(data: &mut [u8]) {
    let mut cipher = Rc4::new(Key::<U6>::from_slice(b"secret"));
    cipher.apply_keystream(data); //~ code.decode
}
