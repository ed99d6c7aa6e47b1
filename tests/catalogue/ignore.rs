//! dependency: ignore = "0.4.24"
use ignore::{Walk, WalkBuilder};

pub fn count() -> usize {
    Walk::new("/home").count() //~ file.walk /home
}

pub fn hidden() -> usize {
    WalkBuilder::new("/etc").hidden(false).build().count() //~ file.walk /etc
}
