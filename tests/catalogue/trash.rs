//! dependency: trash = "5.2.0"
pub fn drop_it() {
    trash::delete("a.txt").ok(); //~ file.delete a.txt
}
