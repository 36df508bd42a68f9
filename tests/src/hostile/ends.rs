//! How asking for a token ends.

use super::browser::Seen;
use super::fixture::Fixture;

/// What a page that needs a token of the user comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ends {
    /// It has it.
    Token,
    /// Try again later; the session stays.
    Outage,
    /// It has none; the session stays.
    Refused,
    /// The session has ended, and the user is asked to sign in again.
    SignedOut,
}

/// Checks how it ended for Alice.
///
/// # Panics
///
/// If it ended otherwise.
pub async fn assert_ends(fixture: &Fixture, outcome: Result<String, Seen>, ends: Ends) {
    let user = fixture.user().await;
    match (ends, &outcome) {
        (Ends::Token, Ok(token)) => assert!(!token.is_empty()),
        (Ends::Outage, Err(seen)) => {
            assert_eq!(seen.status, 503, "{seen:?}");
            assert!(seen.header("retry-after").is_some(), "{seen:?}");
        }
        (Ends::Refused, Err(seen)) => {
            assert!(seen.status >= 400 && seen.status != 503, "{seen:?}");
        }
        (Ends::SignedOut, Err(seen)) => {
            assert_eq!(seen.status, 303, "{seen:?}");
            let to = seen.location();
            assert!(to.starts_with("/sign-in?return_to=%2Fpage"), "{seen:?}");
        }
        _ => panic!("{outcome:?} where {ends:?} was due"),
    }
    let expected = (ends != Ends::SignedOut).then_some("alice");
    assert_eq!(user.as_deref(), expected, "{outcome:?}");
}
