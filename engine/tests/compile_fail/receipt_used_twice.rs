//! A receipt is used up by the commit that it permits.

use causeway::guard::Receipt;

fn commit(_: Receipt<u8>) {}

fn commit_twice(receipt: Receipt<u8>) {
    commit(receipt);
    commit(receipt);
}

fn main() {}
