//! dependency: globwalk = "0.9.1"

pub fn keys() -> usize {
    globwalk::glob("/home/*/.ssh/id_*").unwrap().count() //~ file.walk /home/*/.ssh/id_*
}

pub fn others() -> usize {
    globwalk::GlobWalkerBuilder::new("/etc", "*.conf").build().unwrap().count() //~ file.walk /etc
}
