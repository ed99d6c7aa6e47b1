//! dependency: alloy-signer-local = "0.6.4"
use alloy_signer_local::PrivateKeySigner;

pub fn raw(data: &[u8]) -> Option<Vec<u8>> {
    let key = PrivateKeySigner::from_slice(data).ok()?; //~ mention private-key
    Some(key.to_bytes().to_vec()) //~ mention private-key
}
