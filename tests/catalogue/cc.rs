//! dependency: cc = "1.2.46"

pub fn build() {
    cc::Build::new()
        .file("native/shim.c") //~ code.native native/shim.c
        .include("native")
        .compile("shim"); //~ native.link shim
}
