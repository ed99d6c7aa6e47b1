//! dependency: regex = "1.12.2"
use regex::Regex;

pub fn keys(folder: &str) -> std::io::Result<usize> {
    let pattern = Regex::new("[0-9a-f]{64}").unwrap();
    Ok(pattern.find_iter(&std::fs::read_to_string(folder)?).count()) //~ file.read
}
