//! A receipt says that gates were passed; only their evaluation can say so.

use causeway::guard::Receipt;

fn main() {
    let _ = Receipt { payload: "buy", gates_passed: vec!["within_limit"] };
}
