//! Checks that a [`Storage`] meets its requirements.
//!
//! One line in the tests of a storage:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! # let storage = logto::storage::MemoryStorage::new();
//! logto::storage::test_kit::check(&storage).await.unwrap();
//! # }
//! ```
//!
//! It runs for about two seconds, because times to live have to end, and uses keys of its own, so
//! that it may run against a store that others use.

mod kit;
mod requirements;

use std::fmt;

use super::Storage;
use kit::{Broken, Kit};

/// The requirements that were not met.
///
/// # Example
///
/// ```
/// use logto::storage::test_kit::{self, Failures};
/// # use logto::storage::MemoryStorage as MyStorage;
///
/// // As a test of your storage.
/// async fn it_meets_the_requirements() -> Result<(), Failures> {
///     test_kit::check(&MyStorage::new()).await
/// }
/// ```
pub struct Failures(Vec<Failure>);

/// A requirement that was not met.
///
/// # Example
///
/// ```
/// use logto::storage::test_kit::Failures;
///
/// /// Whether the storage does everything but tell other instances.
/// fn lacks_announcements_only(failures: &Failures) -> bool {
///     failures.all().iter().all(|failure| failure.requirement.contains("announced"))
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The requirement.
    pub requirement: &'static str,
    /// What happened instead.
    pub what: String,
}

/// Checks every requirement, also after one was not met.
///
/// # Errors
///
/// [`Failures`] with each requirement that was not met, by name.
///
/// # Example
///
/// ```
/// use logto::storage::{MemoryStorage, test_kit};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), test_kit::Failures> {
/// test_kit::check(&MemoryStorage::new().with_capacity(1000)).await?;
/// # Ok(())
/// # }
/// ```
pub async fn check(storage: &dyn Storage) -> Result<(), Failures> {
    let mut failures = Vec::new();
    let mut note = |requirement, outcome: Result<(), Broken>| {
        if let Err(Broken(what)) = outcome {
            failures.push(Failure { requirement, what });
        }
    };
    let kit = Kit(storage);
    note("a stored entry can be read", kit.comes_back().await);
    note("entries come in the order of the keys", kit.order().await);
    note("keys are compared exactly", kit.to_the_letter().await);
    note("an entry that is there is not taken for absent", kit.absent().await);
    note("a stale version stores nothing", kit.stale_version().await);
    note("what was removed does not come back", kit.removed().await);
    note("only the version that is meant is removed", kit.version_removed().await);
    note("an entry is stored while another one is removed", kit.put_and_removed().await);
    note("of many writers one wins", kit.one_wins().await);
    note("an entry ends with its time to live", kit.ends().await);
    note("a write renews the time to live", kit.renews().await);
    note("it answers a ping", kit.ping().await);
    note("what is announced reaches every subscription", kit.announces().await);
    if failures.is_empty() { Ok(()) } else { Err(Failures(failures)) }
}

impl Failures {
    /// Each requirement that was not met.
    ///
    /// # Example
    ///
    /// ```no_run
    /// use logto::storage::{MemoryStorage, test_kit};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// if let Err(failures) = test_kit::check(&MemoryStorage::new()).await {
    ///     for failure in failures.all() {
    ///         println!("{}: {}", failure.requirement, failure.what);
    ///     }
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn all(&self) -> &[Failure] {
        &self.0
    }
}

impl fmt::Display for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the storage does not meet these requirements:")?;
        for Failure { requirement, what } in &self.0 {
            write!(f, "\n- {requirement}: {what}")?;
        }
        Ok(())
    }
}

/// As [`Display`](fmt::Display): this is what `unwrap` prints.
impl fmt::Debug for Failures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failures {}
