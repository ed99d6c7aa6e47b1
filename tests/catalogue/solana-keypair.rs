//! dependency: solana-keypair = "2.2.3"
use solana_keypair::{read_keypair_file, Keypair};

pub fn text(raw: &[u8]) -> Option<String> {
    let key = Keypair::from_bytes(raw).ok()?; //~ mention private-key
    Some(key.to_base58_string()) //~ mention private-key
}

pub fn owner() -> Option<Keypair> {
    read_keypair_file("/home/u/.config/solana/id.json").ok() //~ file.read /home/u/.config/solana/id.json
}
