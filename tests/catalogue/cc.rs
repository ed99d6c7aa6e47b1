//! dependency: cc = "1.11.3"

pub fn build() {
    cc::Build::new()
        .file("native/shim.c") //~ code.native native/shim.c
        .include("native")
        .compile("shim"); //~ native.link shim
}

pub fn checked() -> Result<(), cc::Error> {
    let mut build = cc::Build::new();
    build.flag_if_supported("-Wno-unused").std("c11").extra_warnings(true);
    build.files(["a.c", "b.c"]).object("prebuilt/c.o"); //~ code.native; code.native prebuilt/c.o
    build.try_compile("parts") //~ native.link parts
}

pub fn preprocessed() -> std::io::Result<Vec<u8>> {
    Ok(cc::Build::new().get_compiler().to_command().arg("--version").output()?.stdout)
}
