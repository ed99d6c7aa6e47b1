//! dependency: data-encoding = "2.9.0"
use data_encoding::{BASE32, HEXLOWER};

pub fn host() -> Option<Vec<u8>> {
    BASE32.decode(b"MNXWY3DFMN2G64Q=").ok() //~ code.decode MNXWY3DFMN2G64Q=
}

pub fn other() -> Option<Vec<u8>> {
    HEXLOWER.decode("68656c6c6f".as_bytes()).ok() //~ code.decode 68656c6c6f
}
