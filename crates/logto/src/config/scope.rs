//! Logto's scopes that the SDK has to know.

/// Asked for at every sign-in, before the app's own.
const RESERVED: [&str; 3] = ["openid", OFFLINE_ACCESS, "profile"];
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";
/// The e-mail address.
pub(crate) const EMAIL: &str = "email";
/// What the user has linked, and the tokens that are kept for it.
pub(crate) const IDENTITIES: &str = "identities";
/// Sessions and grants of the user at Logto.
pub(crate) const SESSIONS: &str = "urn:logto:scope:sessions";
/// Organizations of the user; goes with the resource below.
pub(crate) const ORGANIZATIONS: &str = "urn:logto:scope:organizations";
/// The resource that organization tokens hang on.
pub(crate) const ORGANIZATIONS_RESOURCE: &str = "urn:logto:resource:organizations";

/// The scopes to ask for: the reserved ones and the app's own, each once, in order.
pub(crate) fn all(own: &[String], offline_access: bool) -> Vec<String> {
    let all = RESERVED.into_iter().chain(own.iter().map(String::as_str));
    each_once(all.filter(|scope| *scope != OFFLINE_ACCESS || offline_access))
}

/// The words, each once, in order.
pub(crate) fn each_once<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for word in words {
        if !once.iter().any(|known| known == word) {
            once.push(word.to_owned());
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_scope_is_asked_for_once() {
        let own = ["email", "profile", "email", "offline_access"].map(String::from);
        assert_eq!(all(&own, true), ["openid", "offline_access", "profile", "email"]);
        assert_eq!(all(&own, false), ["openid", "profile", "email"]);
    }
}
