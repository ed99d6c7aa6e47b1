//! dependency: ed25519-dalek = "2.2.0"
use ed25519_dalek::SigningKey;

pub fn stored(raw: &[u8; 32]) -> [u8; 64] {
    let key = SigningKey::from_bytes(raw); //~ mention private-key
    key.to_keypair_bytes() //~ mention private-key
}

pub fn pair(raw: &[u8; 64]) -> Option<[u8; 32]> {
    let key = SigningKey::from_keypair_bytes(raw).ok()?; //~ mention private-key
    Some(*key.as_bytes()) //~ mention private-key
}
