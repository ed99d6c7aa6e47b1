//! dependency: faster-hex = "0.10.0"

pub fn host(out: &mut [u8]) -> Option<()> {
    faster_hex::hex_decode(b"68656c6c6f", out).ok() //~ code.decode 68656c6c6f
}
