//! Owns the door of libFuzzer to the engine's fuzz targets; `./run` says which one by `CAUSEWAY_FUZZ_TARGET`.
//!
//! With `CAUSEWAY_FUZZ_SEEDS` it first writes the inputs to begin with into that directory.
#![no_main]

use std::sync::LazyLock;

use causeway::fuzzing::{TARGETS, Target};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("CAUSEWAY_FUZZ_TARGET").expect("CAUSEWAY_FUZZ_TARGET names the target");
    let target = TARGETS.iter().find(|target| target.name == name);
    target.unwrap_or_else(|| panic!("there is no target {name}"))
});

fuzz_target!(
    init: {
        if let Some(directory) = std::env::var_os("CAUSEWAY_FUZZ_SEEDS") {
            for (number, seed) in (TARGET.seeds)().iter().enumerate() {
                let path = std::path::Path::new(&directory).join(format!("seed-{number:02}"));
                std::fs::write(path, seed).expect("the directory of the seeds exists");
            }
        }
    },
    |data: &[u8]| (TARGET.check)(data)
);

// Three inputs of four get checksums that fit, or nothing would come past them.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    if seed % 4 != 0 {
        (TARGET.repair)(&mut data[..size]);
    }
    size
});
