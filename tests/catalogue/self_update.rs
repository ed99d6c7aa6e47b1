//! dependency: self_update = { version = "0.42.0", default-features = false, features = ["rustls"] }

pub fn update() -> Result<(), Box<dyn std::error::Error>> {
    self_update::backends::github::Update::configure() //~ net.connect api.github.com
        .repo_owner("o")
        .repo_name("n")
        .bin_name("b")
        .current_version("0.1.0")
        .build()?
        .update()?;
    Ok(())
}
