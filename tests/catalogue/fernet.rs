//! dependency: fernet = { version = "0.2.2", default-features = false, features = ["rustcrypto"] }

pub fn open(data: &str) -> Option<Vec<u8>> {
    let cipher = fernet::Fernet::new("cJ3Fw3ehXqef-Vqi-U8YDcJtz8Gv-ZHyxultoAGHi4c=")?;
    cipher.decrypt(data).ok() //~ code.decode
}
