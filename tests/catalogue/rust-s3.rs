//! dependency: rust-s3 = { version = "0.35.1", default-features = false, features = ["sync-rustls-tls"] }
use s3::{creds::Credentials, Bucket, Region};

pub fn put(credentials: Credentials, data: &[u8]) -> Option<()> {
    let region = Region::Custom { region: "eu".into(), endpoint: "https://store.invalid".into() };
    let bucket = Bucket::new("logs", region, credentials).ok()?; //~ net.connect
    bucket.put_object("b", data).ok()?; //~ net.send
    Some(())
}
