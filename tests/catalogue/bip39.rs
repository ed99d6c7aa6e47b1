//! dependency: bip39 = "2.2.2"
use bip39::Mnemonic;

pub fn seed(phrase: &str) -> Option<Vec<u8>> {
    let words = Mnemonic::parse(phrase).ok()?; //~ mention private-key
    Some(words.to_seed("").to_vec()) //~ mention private-key
}

pub fn entropy(raw: &[u8]) -> Option<Vec<u8>> {
    Some(Mnemonic::from_entropy(raw).ok()?.to_entropy()) //~ mention private-key
}
