//! Compiles every schema under `proto/` without needing `protoc`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use prost::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new("proto");
    let mut schemas = Vec::new();
    collect(root, &mut schemas)?;
    schemas.sort();
    println!("cargo:rerun-if-changed=proto");

    let descriptors = protox::compile(&schemas, [root])?;
    // gRPC reflection serves these.
    let out = PathBuf::from(env::var("OUT_DIR")?).join("descriptors.bin");
    fs::write(out, descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .bytes(".")
        // Ten times the size of the other orders.
        .boxed(".manyhands.slot.v1.Order.order.run")
        .compile_fds(descriptors)?;
    Ok(())
}

fn collect(dir: &Path, schemas: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, schemas)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            schemas.push(path);
        }
    }
    Ok(())
}
