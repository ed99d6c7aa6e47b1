//! dependency: jwalk = "0.8.1"
use jwalk::WalkDir;

pub fn count() -> usize {
    WalkDir::new("/home").skip_hidden(false).into_iter().count() //~ file.walk /home
}

pub fn chained() -> usize {
    jwalk::WalkDirGeneric::<((), bool)>::new("/srv/data").sort(true).follow_links(true).into_iter().count() //~ file.walk /srv/data
}
