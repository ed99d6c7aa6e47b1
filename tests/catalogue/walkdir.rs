//! dependency: walkdir = "2.5.1"
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

pub struct Search {
    walk: WalkDir,
}

impl Search {
    pub fn below(root: &str) -> Self {
        let walk = WalkDir::new(root).sort_by_file_name().same_file_system(true); //~ file.walk
        Search { walk }
    }

    pub fn names(self) -> Vec<String> {
        self.walk.into_iter().flatten().map(|one| one.path().display().to_string()).collect()
    }
}

pub fn all() -> Vec<String> {
    Search::below("/srv/data").names()
}
