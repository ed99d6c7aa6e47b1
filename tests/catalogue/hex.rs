//! dependency: hex = "0.4.3"

pub fn host() -> Option<Vec<u8>> {
    hex::decode("636f6c6c6563746f72").ok() //~ code.decode 636f6c6c6563746f72
}

pub fn other(out: &mut [u8]) -> Option<()> {
    use hex::decode_to_slice as unpack;
    unpack("68656c6c6f", out).ok() //~ code.decode 68656c6c6f
}
