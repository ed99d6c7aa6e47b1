//! dependency: ureq = "2.12.1"

fn post(text: &str) {
    let _ = ureq::post("https://collector.invalid/in").send_string(text); //~ net.send https://collector.invalid/in
}
