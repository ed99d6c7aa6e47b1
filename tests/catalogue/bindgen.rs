//! dependency: bindgen = "0.72.1"

pub fn build() -> std::io::Result<()> {
    let bindings = bindgen::Builder::default()
        .header("native/shim.h") //~ code.generate native/shim.h
        .generate()
        .unwrap();
    bindings.write_to_file("/tmp/b.rs") //~ file.write /tmp/b.rs
}

pub fn stored(out: &std::path::Path) -> std::io::Result<()> {
    let mut builder = bindgen::builder().layout_tests(false).derive_default(true);
    builder = builder.header_contents("x.h", "int f(void);"); //~ code.generate x.h
    builder = builder.raw_line("pub mod extra {}"); //~ code.generate pub mod extra {}
    builder.generate().expect("bindings").write_to_file(out.join("b.rs")) //~ file.write {}/b.rs
}

pub fn several() -> Result<bindgen::Bindings, bindgen::BindgenError> {
    bindgen::Builder::default().clang_arg("-Inative").headers(["a.h", "b.h"]).generate() //~ code.generate
}
