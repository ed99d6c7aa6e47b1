//! dependency: base64 = "0.22.1"
use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;

pub fn host() -> Option<Vec<u8>> {
    STANDARD.decode("Y29sbGVjdG9yLmludmFsaWQ=").ok() //~ code.decode Y29sbGVjdG9yLmludmFsaWQ=
}

pub fn other(text: &str) -> Option<Vec<u8>> {
    use base64::prelude::*;
    BASE64_STANDARD.decode(text).ok() //~ code.decode
}

pub fn whole() -> Option<Vec<u8>> {
    base64::engine::general_purpose::URL_SAFE.decode("aGVsbG8=").ok() //~ code.decode aGVsbG8=
}
