//! dependency: walkdir = "2.5.0"
use walkdir::WalkDir;

pub fn count() -> usize {
    WalkDir::new("/home").max_depth(3).into_iter().count() //~ file.walk /home
}

pub fn names() -> Vec<String> {
    let mut found = Vec::new();
    for one in walkdir::WalkDir::new("/etc") { //~ file.walk /etc
        found.extend(one.ok().map(|one| one.path().display().to_string()));
    }
    found
}
