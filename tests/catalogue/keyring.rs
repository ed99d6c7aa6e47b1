//! dependency: keyring = "3.6.3"
use keyring::Entry;

pub fn read() -> keyring::Result<String> {
    let entry = Entry::new("app", "user")?;
    entry.get_password() //~ file.read keyring
}
