//! What the derives refuse, and that the compiler points at the culprit. Each file in `compile_fail` stands beside what the compiler says.

#[test]
fn what_the_derives_refuse_is_said_where_it_stands() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
