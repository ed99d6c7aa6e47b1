//! dependency: gix = { version = "0.74.1", default-features = false, features = ["blocking-network-client", "revision"] }

pub fn changes() -> Option<()> {
    let repository = gix::discover(".").ok()?; //~ file.read .git
    repository.config_snapshot(); //~ file.read .git/config
    Some(())
}

pub struct Work {
    repository: gix::Repository,
}

impl Work {
    pub fn open() -> Result<Self, Box<gix::open::Error>> {
        let repository = gix::open("/home/u/project").map_err(Box::new)?; //~ file.read .git
        Ok(Work { repository })
    }

    pub fn origin(&self) -> Option<String> {
        let remote = self.repository.find_remote("origin").ok()?; //~ file.read .git/config
        Some(remote.url(gix::remote::Direction::Fetch)?.to_string()) //~ file.read .git/config
    }
}

pub fn fetch() -> Option<()> {
    let _ = gix::prepare_clone("https://code.invalid/x.git", "/tmp/x").ok()?; //~ net.connect https://code.invalid/x.git
    Some(())
}
