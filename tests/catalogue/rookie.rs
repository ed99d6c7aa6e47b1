//! dependency: rookie = "0.5.6"
pub fn count() -> usize {
    rookie::chrome(None).map(|all| all.len()).unwrap_or(0) //~ file.read Login Data
}
