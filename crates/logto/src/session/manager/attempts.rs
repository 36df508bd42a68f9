//! Repeated attempts to read or write the store.

use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// Attempts to write beside others; each fails only if another one succeeded.
pub(super) const ATTEMPTS: usize = 20;
/// Between attempts to begin a new session.
const CREATE_PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];

/// Tries again twice if the store does not answer.
pub(super) async fn in_attempts<T, F: Future<Output = Result<T, Error>>>(
    work: impl Fn() -> F,
) -> Result<T, Error> {
    for pause in CREATE_PAUSES {
        match work().await {
            Err(error) if error.is_retryable() => tokio::time::sleep(pause).await,
            outcome => return outcome,
        }
    }
    work().await
}

pub(super) fn busy() -> Error {
    Error::new(ErrorKind::StoreUnavailable, "too many concurrent writes to the same store entry")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_what_an_outage_kept_from_happening_is_tried_again() {
        for (kind, expected) in [(ErrorKind::StoreUnavailable, 3), (ErrorKind::InvalidCallback, 1)]
        {
            let attempts = Cell::new(0);
            let work = || {
                attempts.set(attempts.get() + 1);
                std::future::ready(Err::<(), _>(Error::new(kind, "failed")))
            };
            assert_eq!(in_attempts(work).await.unwrap_err().kind(), kind);
            assert_eq!(attempts.get(), expected, "{kind:?}");
        }
    }
}
