//! dependency: k256 = "0.13.4"
use k256::ecdsa::SigningKey;

pub fn raw(data: &[u8]) -> Option<Vec<u8>> {
    let key = SigningKey::from_slice(data).ok()?; //~ mention private-key
    Some(key.to_bytes().to_vec()) //~ mention private-key
}
