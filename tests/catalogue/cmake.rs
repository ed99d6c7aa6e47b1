//! dependency: cmake = "0.1.58"

pub fn build() -> std::path::PathBuf {
    cmake::Config::new("vendor/lib").define("X", "1").build() //~ code.native vendor/lib
}

pub fn short() -> std::path::PathBuf {
    cmake::build("vendor/other") //~ code.native vendor/other
}

pub fn stored() -> std::path::PathBuf {
    let mut config = cmake::Config::new("native"); //~ code.native native
    config.generator("Ninja").very_verbose(true).cflag("-O2");
    config.build()
}
