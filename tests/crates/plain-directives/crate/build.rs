fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cfg=has_feature");
    println!("cargo::rustc-check-cfg=cfg(has_feature)");
}
