//! dependency: ignore = "0.4.35"
use ignore::{Walk, WalkBuilder};

pub fn count() -> usize {
    Walk::new("/home").count() //~ file.walk /home
}

pub fn hidden() -> usize {
    WalkBuilder::new("/etc").hidden(false).build().count() //~ file.walk /etc
}

pub fn stored() -> usize {
    let mut builder = ignore::WalkBuilder::new("/srv/a"); //~ file.walk /srv/a
    builder.standard_filters(false).threads(2).add("/srv/b"); //~ file.walk /srv/b
    if let Some(error) = builder.add_ignore("/etc/ignore") { //~ file.read /etc/ignore
        eprintln!("{error}");
    }
    builder.build().count()
}
