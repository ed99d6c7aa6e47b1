//! dependency: gix = { version = "0.74.1", default-features = false, features = ["revision"] }

pub fn changes() -> Option<()> {
    let repository = gix::discover(".").ok()?; //~ file.read .git
    repository.config_snapshot(); //~ file.read .git/config
    Some(())
}
