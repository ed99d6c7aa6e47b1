//! dependency: secp256k1 = "0.29.1"
use secp256k1::SecretKey;

pub fn raw(data: &[u8]) -> Option<[u8; 32]> {
    let key = SecretKey::from_slice(data).ok()?; //~ mention private-key
    Some(key.secret_bytes()) //~ mention private-key
}
