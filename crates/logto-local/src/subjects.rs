//! Subject tokens: personal access tokens, and tokens for impersonation.

use std::collections::HashMap;

/// Seconds that a subject token lives.
pub(crate) const SUBJECT_TOKEN_LIFE: u64 = 600;

/// Both by their value.
#[derive(Default)]
pub(crate) struct Subjects {
    subject_tokens: HashMap<String, SubjectToken>,
    /// Whose each personal access token is, by their handle.
    personal: HashMap<String, String>,
}

struct SubjectToken {
    user: String,
    expires: u64,
}

impl Subjects {
    pub(crate) fn add_subject_token(&mut self, value: String, user: String, now: u64) {
        let expires = now + SUBJECT_TOKEN_LIFE;
        let token = SubjectToken { user, expires };
        self.subject_tokens.insert(value, token);
    }

    pub(crate) fn find_by_subject_token(&self, value: &str, now: u64) -> Option<&str> {
        let token = self.subject_tokens.get(value);
        let token = token.filter(|token| token.expires > now)?;
        Some(&token.user)
    }

    /// It is good once.
    pub(crate) fn consume(&mut self, value: &str) {
        self.subject_tokens.remove(value);
    }

    pub(crate) fn add_personal(&mut self, value: String, user: String) {
        self.personal.insert(value, user);
    }

    pub(crate) fn remove_personal(&mut self, value: &str) {
        self.personal.remove(value);
    }

    pub(crate) fn find_by_personal_token(&self, value: &str) -> Option<&str> {
        self.personal.get(value).map(String::as_str)
    }
}
