//! Owns how much a proof does and how it tells: the gate's share in every run, the deep share on request.

/// Set to `1` for the deep figures.
const DEEP: &str = "CAUSEWAY_DEEP";

/// True if the deep figures are wanted, which take hours rather than minutes.
pub(super) fn is_deep() -> bool {
    std::env::var_os(DEEP).is_some_and(|value| value == "1")
}

/// What the gate does, or what the deep run does.
pub(super) fn share<T>(gate: T, deep: T) -> T {
    if is_deep() { deep } else { gate }
}

/// Prints how many cases of a goal were executed, and fails if they are fewer than they must be: a proof that runs nothing proves
/// nothing.
pub(super) fn tell(goal: &str, what: &str, cases: u64, least: u64) {
    println!("{goal} {what}: {cases}, at least {least}");
    assert!(cases >= least, "{goal}: only {cases} {what}, not {least}");
}
