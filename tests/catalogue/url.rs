//! dependency: url = "2.5.8"
//! dependency: ureq = "2.12.1"
use url::Url;

pub fn joined(text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let place = Url::parse("https://collector.invalid/v1/").and_then(|one| one.join("/in"))?;
    ureq::post(place.as_str()).send_string(text)?; //~ net.send https://collector.invalid/in
    Ok(())
}

pub fn with_params(text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut place = Url::parse_with_params("https://collector.invalid/q", &[("k", text)])?;
    place.set_fragment(None);
    ureq::get(place.as_str()).call()?; //~ net.connect https://collector.invalid/q
    Ok(())
}
