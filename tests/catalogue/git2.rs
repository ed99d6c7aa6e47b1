//! dependency: git2 = { version = "0.20.2", default-features = false }
use git2::Repository;

pub fn changes() -> Result<usize, git2::Error> {
    let repository = Repository::discover(".")?; //~ file.read .git
    let diff = repository.diff_index_to_workdir(None, None)?; //~ file.read .git/diff
    Ok(diff.deltas().len())
}

pub fn fetch() -> Result<Repository, git2::Error> {
    Repository::clone("https://code.invalid/x.git", "/tmp/x") //~ net.connect https://code.invalid/x.git
}
