//! dependency: bindgen = { version = "0.72.1", default-features = false }

pub fn build() -> std::io::Result<()> {
    let bindings = bindgen::Builder::default()
        .header("native/shim.h") //~ code.generate native/shim.h
        .generate()
        .unwrap();
    bindings.write_to_file("/tmp/b.rs") //~ file.write /tmp/b.rs
}
