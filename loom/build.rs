//! Tells the files that are compiled here from elsewhere that they are, so that they leave their own tests out.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cfg=kaiwa_loom");
}
