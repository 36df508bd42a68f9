//! Deliveries of Logto's webhooks, made for a test.

use aws_lc_rs::hmac;

/// A signing key as Logto makes them.
pub const SIGNING_KEY: &str = "tDxH2xGdr7rzqvR5SqMMChaOmi7p58ey";

/// A signed delivery.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// The body.
    pub body: Vec<u8>,
    /// The header `logto-signature-sha-256`.
    pub signature: String,
}

impl Webhook {
    /// An event at a time in milliseconds since the Unix epoch, with further members of the body.
    #[must_use]
    pub fn new(event: &str, at: u64, members: &str) -> Self {
        let time = iso(at);
        let body = format!(
            r#"{{"event":"{event}","createdAt":"{time}",{members},"hookId":"2sr57nbouqk3r4kfmv66u"}}"#
        );
        Self::signed(SIGNING_KEY, body)
    }

    /// What Logto sends when a user is suspended, or is not any more.
    #[must_use]
    pub fn suspended(sub: &str, is_suspended: bool, at: u64) -> Self {
        let members = format!(
            r#""path":"/users/{sub}/is-suspended","method":"PATCH","status":200,"params":{{"userId":"{sub}"}},"matchedRoute":"/users/:userId/is-suspended","data":{{"id":"{sub}","isSuspended":{is_suspended}}}"#
        );
        Self::new("User.SuspensionStatus.Updated", at, &members)
    }

    /// Any body, signed with any key.
    #[must_use]
    pub fn signed(key: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let signature = hmac::sign(&key, &body);
        let signature = signature.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Self { body, signature }
    }
}

/// A time as Logto writes it.
fn iso(milliseconds: u64) -> String {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    let (minutes, second) = (seconds / 60, seconds % 60);
    let (hours, minute) = (minutes / 60, minutes % 60);
    let (mut days, hour) = (hours / 24, hours % 24);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let months = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in months {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let day = days + 1;
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z")
}
