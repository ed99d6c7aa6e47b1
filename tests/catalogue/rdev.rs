//! dependency: rdev = "0.5.3"

pub fn watch() {
    let _ = rdev::listen(|event| println!("{:?}", event.name)); //~ input.capture keys
}
