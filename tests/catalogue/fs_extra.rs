//! dependency: fs_extra = "1.3.0"
use fs_extra::dir::{copy, CopyOptions};

pub fn keep() {
    let _ = copy("a", "b", &CopyOptions::new()); //~ file.walk a; file.write b
    let _ = fs_extra::dir::remove("a"); //~ file.delete a
}
