//! dependency: git2 = { version = "0.20.4", default-features = false }
use git2::Repository;

pub fn changes() -> Result<usize, git2::Error> {
    let repository = Repository::discover(".")?; //~ file.read .git
    let diff = repository.diff_index_to_workdir(None, None)?; //~ file.read .git/diff
    Ok(diff.deltas().len())
}

pub fn fetch() -> Result<Repository, git2::Error> {
    Repository::clone("https://code.invalid/x.git", "/tmp/x") //~ net.connect https://code.invalid/x.git
}

pub struct Work {
    repository: Repository,
}

impl Work {
    pub fn open() -> Result<Self, git2::Error> {
        let repository = Repository::open("/home/u/project")?; //~ file.read .git
        Ok(Work { repository })
    }

    pub fn origin(&self) -> Option<String> {
        let remote = self.repository.find_remote("origin").ok()?; //~ file.read .git/config
        remote.url().map(str::to_owned) //~ file.read .git/config
    }

    pub fn push(&self) -> Result<(), git2::Error> {
        let mut remote = self.repository.remote_anonymous("https://code.invalid/y.git")?; //~ net.connect https://code.invalid/y.git
        remote.push(&["refs/heads/main"], None) //~ net.send git
    }
}

pub fn built() -> Result<Repository, git2::Error> {
    let mut builder = git2::build::RepoBuilder::new();
    builder.bare(true).branch("main");
    builder.clone("https://code.invalid/z.git", std::path::Path::new("/tmp/z")) //~ net.connect https://code.invalid/z.git
}

pub fn password() -> Option<(String, String)> {
    let config = git2::Config::open_default().ok()?; //~ file.read {home}/.gitconfig
    git2::CredentialHelper::new("https://code.invalid").config(&config).execute() //~ file.read ~/.git-credentials
}
