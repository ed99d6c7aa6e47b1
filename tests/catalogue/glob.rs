//! dependency: glob = "0.3.4"
use glob::glob;

pub fn keys() -> usize {
    glob("/home/*/.ssh/id_*").unwrap().count() //~ file.walk /home/*/.ssh/id_*
}

pub fn others() -> usize {
    glob::glob_with("/etc/*.conf", glob::MatchOptions::new()).unwrap().count() //~ file.walk /etc/*.conf
}
