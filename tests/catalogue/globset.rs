//! dependency: globset = "0.4.22"
//! dependency: walkdir = "2.5.1"
use globset::{Glob, GlobSet, GlobSetBuilder};

pub fn keys() -> Result<GlobSet, globset::Error> {
    let mut builder = GlobSetBuilder::new();
    builder.add(Glob::new("**/*.pem")?).add(Glob::new("**/id_*")?);
    builder.build()
}

pub fn found(set: &GlobSet) -> usize {
    let walk = walkdir::WalkDir::new("/home/u").into_iter().flatten(); //~ file.walk /home/u
    walk.filter(|one| set.is_match(one.path())).count()
}

pub fn one(folder: &str) -> std::io::Result<Vec<std::path::PathBuf>> {
    let glob = Glob::new("*.wallet").expect("a pattern").compile_matcher();
    let rows = std::fs::read_dir(folder)?.flatten().map(|one| one.path()); //~ file.walk
    Ok(rows.filter(|one| glob.is_match(one)).collect())
}
