//! dependency: magic-crypt = "4.0.1"
use magic_crypt::{MagicCrypt256, MagicCryptTrait};

pub fn open(text: &str) -> Option<String> {
    let crypt = MagicCrypt256::new("key", None::<&str>);
    crypt.decrypt_base64_to_string(text).ok() //~ code.decode
}
