//! dependency: octocrab = "0.42.1"
use octocrab::Octocrab;

pub async fn share(token: String, text: String) -> octocrab::Result<()> {
    let crab = Octocrab::builder().personal_token(token).build()?; //~ net.connect https://api.github.com/
    crab.gists().create().file("a.txt", text).send().await?; //~ net.send https://gist.github.com/
    Ok(())
}
