//! What nobody can make but the engine: the compiler refuses it, and says so.

#[test]
fn nobody_forges_a_receipt_or_adds_a_state_to_a_machine() {
    trybuild::TestCases::new().compile_fail("tests/sealed/*.rs");
}
