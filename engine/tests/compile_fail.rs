//! What the compiler refuses: misuse of the derives, at the place of the culprit, and what nobody can make but the engine. Each file in
//! `compile_fail` stands beside what the compiler says.

#[test]
fn what_must_not_compile_is_refused_where_it_stands() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
