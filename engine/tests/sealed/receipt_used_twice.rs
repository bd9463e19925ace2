//! A receipt is used up by the commit that it permits.

use causeway::guard::{GateSet, Receipt};
use causeway::pipeline::{CommitMetadata, Committed, Pipeline, Proposal};
use causeway::store::StoreError;

fn commit(
    pipeline: &Pipeline<()>,
    receipt: Receipt<&'static str>,
) -> Result<Committed<&'static str>, StoreError> {
    pipeline.commit(receipt, |_| CommitMetadata::new(1, 1, [0; 32]))
}

fn main() {
    let pipeline = Pipeline::new(GateSet::new());
    let receipt = pipeline.evaluate(&(), Proposal::new("buy")).unwrap();
    let _ = commit(&pipeline, receipt);
    let _ = commit(&pipeline, receipt);
}
