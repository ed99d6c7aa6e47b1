//! dependency: jwalk = "0.8.1"
use jwalk::WalkDir;

pub fn count() -> usize {
    WalkDir::new("/home").skip_hidden(false).into_iter().count() //~ file.walk /home
}
