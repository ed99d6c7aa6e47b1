//! dependency: solana-sdk = "2.3.1"
use solana_sdk::signature::{read_keypair_file, write_keypair_file, Keypair};
use solana_sdk::signer::{EncodableKey, Signer};
use std::error::Error;

pub fn owner() -> Result<String, Box<dyn Error>> {
    let keypair = read_keypair_file("/home/u/.config/solana/id.json")?; //~ file.read /home/u/.config/solana/id.json
    Ok(keypair.pubkey().to_string())
}

pub fn chained() -> Result<String, Box<dyn Error>> {
    Ok(Keypair::read_from_file("/home/u/owner.json")?.pubkey().to_string()) //~ file.read /home/u/owner.json
}

pub struct Wallet {
    keypair: Keypair,
}

impl Wallet {
    pub fn create() -> Result<Self, Box<dyn Error>> {
        let keypair = Keypair::new();
        write_keypair_file(&keypair, "/home/u/new.json")?; //~ file.write /home/u/new.json
        Ok(Self { keypair })
    }

    pub fn save(&self) -> Result<String, Box<dyn Error>> {
        self.keypair.write_to_file("/home/u/copy.json") //~ file.write /home/u/copy.json
    }
}

pub fn text(raw: &[u8]) -> Result<String, Box<dyn Error>> {
    let keypair = Keypair::from_bytes(raw)?; //~ mention private-key
    Ok(keypair.to_base58_string()) //~ mention private-key
}
