//! How recent the user's authentication has to be (`max_age`: OpenID Connect Core, section
//! 3.1.2.1).

use crate::crypto::encoding;
use crate::error::{Error, ErrorKind};
use crate::oidc::claims::IdTokenClaims;

/// Seconds that a browser may take from Logto to the page that asked. Without them a page could
/// send a user to sign in for ever.
const WAY_BACK: u64 = 10;
/// Bytes of the hash that names a user.
const USER: usize = 12;
/// The largest integer that Logto reads exactly.
pub(crate) const MAX_AGE: u64 = (1 << 53) - 1;

/// What a sign-in with `max_age` has to bring. It is kept in the sealed transaction: the callback's
/// address is nothing to go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Freshness {
    /// In seconds.
    pub(crate) max_age: u64,
    /// A hash of who was signed in when the sign-in began.
    user: Option<String>,
}

impl Freshness {
    pub(crate) fn new(max_age: u64, signed_in: Option<&str>) -> Self {
        Self { max_age, user: signed_in.map(hash) }
    }

    /// One line of text.
    pub(super) fn to_line(&self) -> String {
        let user = self.user.as_deref().unwrap_or_default();
        format!("{} {user}", self.max_age)
    }

    pub(super) fn from_line(line: &str) -> Option<Self> {
        let (max_age, user) = line.split_once(' ')?;
        let user = (!user.is_empty()).then(|| user.to_owned());
        Some(Self { max_age: max_age.parse().ok()?, user })
    }

    /// Whether the sign-in may go on with what was begun: no one was signed in before, or the same
    /// user was.
    pub(crate) fn is_for(&self, sub: &str) -> bool {
        self.user.as_ref().is_none_or(|user| *user == hash(sub))
    }

    /// Checks the ID token of the callback (OpenID Connect Core, section 3.1.3.7, step 13).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidToken`] if `auth_time` is missing, too old, or in the future.
    pub(super) fn check(
        &self,
        claims: &IdTokenClaims,
        now: u64,
        tolerance: u64,
    ) -> Result<(), Error> {
        let why = match claims.auth_time {
            None => "`auth_time` is missing although `max_age` was sent",
            Some(at) if is_between(at, self.max_age, now, tolerance.max(WAY_BACK)) => {
                return Ok(());
            }
            Some(_) => {
                "`auth_time` is not within the `max_age` that was sent; if users do sign in, compare \
                 the clocks of this server and Logto"
            }
        };
        Err(Error::new(ErrorKind::InvalidToken, format!("the ID token is refused: {why}")))
    }
}

/// Whether a session's authentication is recent enough for a page. What the callback has just
/// accepted is.
pub(crate) fn is_fresh(auth_time: Option<u64>, max_age: u64, now: u64, tolerance: u64) -> bool {
    let lenience = tolerance.max(WAY_BACK).saturating_add(WAY_BACK);
    auth_time.is_some_and(|at| is_between(at, max_age, now, lenience))
}

fn is_between(auth_time: u64, max_age: u64, now: u64, lenience: u64) -> bool {
    let latest = now.saturating_add(lenience);
    let earliest = now.saturating_sub(max_age.saturating_add(lenience));
    (earliest..=latest).contains(&auth_time)
}

fn hash(sub: &str) -> String {
    let hash = encoding::sha256(&[b"user\n", sub.as_bytes()]);
    encoding::encode(hash.into_iter().take(USER).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_000_000;

    #[test]
    fn a_line_is_read_as_it_was_written() {
        for freshness in [Freshness::new(0, None), Freshness::new(MAX_AGE, Some("alice"))] {
            assert_eq!(Freshness::from_line(&freshness.to_line()), Some(freshness));
        }
        for line in ["", "300", "x ", " ", "-1 ", "3e2 "] {
            assert_eq!(Freshness::from_line(line), None, "{line:?}");
        }
    }

    #[test]
    fn it_is_for_the_user_who_was_signed_in() {
        assert!(Freshness::new(0, None).is_for("alice"));
        let alice = Freshness::new(0, Some("alice"));
        assert!(alice.is_for("alice") && !alice.is_for("bob") && !alice.is_for(""));
    }

    #[test]
    fn what_the_callback_accepts_is_fresh_on_the_way_back() {
        for (max_age, tolerance) in [(0, 0), (0, 60), (300, 60), (MAX_AGE, 60)] {
            let claims = |auth_time: u64| {
                let auth_time = format!(r#","auth_time":{auth_time}}}"#);
                let payload = r#"{"iss":"i","sub":"s","aud":"a","iat":1,"exp":2"#.to_owned();
                IdTokenClaims::parse((payload + &auth_time).as_bytes()).unwrap()
            };
            let freshness = Freshness::new(max_age, None);
            let lenience = tolerance.max(WAY_BACK);
            let oldest = NOW.saturating_sub(max_age + lenience);
            for (auth_time, accepted) in [
                (oldest, true),
                (oldest.saturating_sub(1), oldest == 0),
                (NOW + lenience, true),
                (NOW + lenience + 1, false),
                (NOW * 1000, false),
            ] {
                let checked = freshness.check(&claims(auth_time), NOW, tolerance);
                assert_eq!(checked.is_ok(), accepted, "{max_age} {tolerance} {auth_time}");
            }
            assert!(is_fresh(Some(oldest), max_age, NOW + WAY_BACK, tolerance));
            let later = is_fresh(Some(oldest), max_age, NOW + WAY_BACK + 1, tolerance);
            assert_eq!(later, oldest == 0);
        }
        assert!(!is_fresh(None, MAX_AGE, NOW, 60));
    }
}
