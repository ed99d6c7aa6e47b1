//! dependency: ethers-signers = "2.0.14"
use ethers_signers::LocalWallet;

pub fn bytes(wallet: &LocalWallet) -> Vec<u8> {
    wallet.signer().to_bytes().to_vec() //~ mention private-key
}
