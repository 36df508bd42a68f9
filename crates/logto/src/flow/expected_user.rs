//! The user that a sign-in is meant for, by a magic link, an invitation, or "continue as …".
//!
//! Logto decides who comes back: with a session it ignores one-time tokens and hints, and on its
//! page users sign in as they like. So the callback compares.

use crate::error::{Error, ErrorKind};
use crate::oidc::claims::IdTokenClaims;

const EMAIL: &str = "email:";
const SUB: &str = "sub:";

/// Who has to come back from a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExpectedUser {
    /// The user with this verified e-mail address.
    Email(String),
    /// The user with this id in Logto.
    Sub(String),
}

impl ExpectedUser {
    pub(super) fn to_text(&self) -> String {
        match self {
            Self::Email(email) => format!("{EMAIL}{email}"),
            Self::Sub(sub) => format!("{SUB}{sub}"),
        }
    }

    /// One that cannot be read is no one: it must not let anyone in without it.
    pub(super) fn from_text(text: &str) -> Self {
        match text.strip_prefix(EMAIL) {
            Some(email) => Self::Email(email.to_owned()),
            None => Self::Sub(text.strip_prefix(SUB).unwrap_or_default().to_owned()),
        }
    }

    /// Whether it is this user. Letters of an address count as the same in both cases, as they do
    /// at Logto; only those of ASCII, since others look like them.
    pub(crate) fn is(&self, claims: &IdTokenClaims) -> bool {
        match self {
            Self::Sub(sub) => *claims.sub == *sub,
            Self::Email(email) => {
                let same = |known: &String| known.eq_ignore_ascii_case(email);
                claims.email.as_ref().is_some_and(same) && claims.email_verified == Some(true)
            }
        }
    }

    /// Checks who came back.
    pub(super) fn check(&self, claims: &IdTokenClaims) -> Result<(), Error> {
        match self.is(claims) {
            true => Ok(()),
            false => Err(Error::new(
                ErrorKind::WrongUser,
                "the user who signed in is not the expected user",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(more: &str) -> IdTokenClaims {
        let payload = format!(r#"{{"iss":"i","sub":"alice","aud":"a","iat":1,"exp":2{more}}}"#);
        IdTokenClaims::parse(payload.as_bytes()).unwrap()
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        for expected in [
            ExpectedUser::Email("a@b.c".to_owned()),
            ExpectedUser::Sub("email:a".to_owned()),
            ExpectedUser::Sub(String::new()),
        ] {
            assert_eq!(ExpectedUser::from_text(&expected.to_text()), expected);
        }
        assert!(!ExpectedUser::from_text("alice").is(&claims("")));
    }

    #[test]
    fn only_a_verified_address_is_a_user() {
        let expected = ExpectedUser::Email("Alice@Example.test".to_owned());
        for (more, is) in [
            (r#","email":"alice@example.TEST","email_verified":true"#, true),
            (r#","email":"alice@example.test","email_verified":false"#, false),
            (r#","email":"alice@example.test""#, false),
            (r#","email":"malice@example.test","email_verified":true"#, false),
            (r#","email":"al\u0131ce@example.test","email_verified":true"#, false),
            (r#","email":"alice@example.te\u017ft","email_verified":true"#, false),
            (r#","email":null,"email_verified":true"#, false),
            (r#","email_verified":true"#, false),
        ] {
            assert_eq!(expected.is(&claims(more)), is, "{more}");
        }
        assert!(!ExpectedUser::Email(String::new()).is(&claims(r#","email":null"#)));
    }

    #[test]
    fn an_id_is_compared_to_the_letter() {
        for (sub, is) in [("alice", true), ("Alice", false), ("", false), ("alice ", false)] {
            assert_eq!(ExpectedUser::Sub(sub.to_owned()).is(&claims("")), is, "{sub:?}");
        }
    }
}
