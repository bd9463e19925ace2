//! Owns the fuzz targets: for each decoder one function that says what holds whatever its bytes are.
//!
//! `tests/fuzz` runs them under libFuzzer. The gate replays what libFuzzer kept, and mutates it with a seed.
//! Invariant: a target depends on its bytes alone, so that an input that failed once fails again.

mod batpak;
#[cfg(test)]
mod gate;
mod logs;
#[cfg(test)]
mod mutate;
mod repair;
mod samples;
mod stateful;
mod values;

/// One decoder under fire.
#[derive(Clone, Copy)]
pub struct Target {
    /// Names it, and the folders of its inputs.
    pub name: &'static str,
    /// Panics if something does not hold.
    pub check: fn(&[u8]),
    /// Makes the checksums fit again, so that changed bytes come past them.
    pub repair: fn(&mut [u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Mutated inputs that the gate runs, in thousands.
    pub gate_thousands: u64,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "frame",
        check: logs::frame,
        repair: repair::frame,
        seeds: samples::frames,
        gate_thousands: 1_000,
    },
    Target {
        name: "segment",
        check: logs::segment,
        repair: repair::segment,
        seeds: samples::segments,
        gate_thousands: 20,
    },
    Target {
        name: "index",
        check: logs::index,
        repair: repair::index,
        seeds: samples::indexes,
        gate_thousands: 3,
    },
    Target {
        name: "store",
        check: logs::store,
        repair: repair::directory,
        seeds: samples::directories,
        gate_thousands: 0,
    },
    Target {
        name: "payload",
        check: values::payload,
        repair: repair::nothing,
        seeds: samples::payloads,
        gate_thousands: 1_000,
    },
    Target {
        name: "line",
        check: values::line,
        repair: repair::nothing,
        seeds: samples::lines,
        gate_thousands: 300,
    },
    Target {
        name: "claim",
        check: values::claim,
        repair: repair::nothing,
        seeds: samples::claims,
        gate_thousands: 300,
    },
    Target {
        name: "checkpoint",
        check: values::checkpoint,
        repair: repair::nothing,
        seeds: samples::checkpoints,
        gate_thousands: 200,
    },
    Target {
        name: "cache",
        check: values::cache,
        repair: repair::cache,
        seeds: samples::caches,
        gate_thousands: 200,
    },
    Target {
        name: "batpak_segment",
        check: batpak::segment,
        repair: repair::batpak_segment,
        seeds: samples::batpak_segments,
        gate_thousands: 15,
    },
    Target {
        name: "batpak_hidden",
        check: batpak::hidden,
        repair: repair::batpak_hidden,
        seeds: samples::batpak_hidden,
        gate_thousands: 300,
    },
    Target {
        name: "batpak_marker",
        check: batpak::marker,
        repair: repair::nothing,
        seeds: samples::batpak_markers,
        gate_thousands: 5,
    },
    Target {
        name: "stateful",
        check: stateful::check,
        repair: repair::nothing,
        seeds: samples::scripts,
        gate_thousands: 1,
    },
];
