//! dependency: cmake = "0.1.54"

pub fn build() -> std::path::PathBuf {
    cmake::Config::new("vendor/lib").define("X", "1").build() //~ code.native vendor/lib
}

pub fn short() -> std::path::PathBuf {
    cmake::build("vendor/other") //~ code.native vendor/other
}
