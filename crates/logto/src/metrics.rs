//! Numbers for operators, through the `metrics` facade.
//!
//! Every label has a fixed, small set of values. Without a recorder nothing is counted, and nothing
//! is recorded on the path of a request whose session or token this process knows already. The
//! names are part of the guide "Observability".

use std::time::Duration;

use metrics::{counter, gauge, histogram};

/// What an operation came to: a good end, or the kind of its error.
type Outcome = &'static str;

/// A sign-in that came back from Logto.
pub(crate) fn sign_in(outcome: Outcome) {
    counter!("logto.sign_ins", "outcome" => outcome).increment(1);
}

/// A token refresh of this process.
pub(crate) fn refresh(outcome: Outcome) {
    counter!("logto.refreshes", "outcome" => outcome).increment(1);
}

/// An access token that was not known already.
pub(crate) fn verification(outcome: Outcome) {
    counter!("logto.verifications", "outcome" => outcome).increment(1);
}

/// A request to Logto; without a status if no answer came.
pub(crate) fn request(endpoint: &'static str, status: Option<u16>, took: Duration) {
    let status = match status {
        None => "none",
        Some(..300) => "2xx",
        Some(300..400) => "3xx",
        Some(400..500) => "4xx",
        Some(_) => "5xx",
    };
    histogram!("logto.request.duration", "endpoint" => endpoint, "status" => status).record(took);
}

/// A question to the store that was not answered at once.
pub(crate) fn store(operation: &'static str, outcome: Outcome, took: Duration) {
    histogram!("logto.store.duration", "operation" => operation, "outcome" => outcome).record(took);
}

/// A request that waits for its turn, until this is dropped.
pub(crate) struct Waiting(());

impl Waiting {
    pub(crate) fn new() -> Self {
        gauge!("logto.requests.waiting").increment(1);
        Self(())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        gauge!("logto.requests.waiting").decrement(1);
    }
}
