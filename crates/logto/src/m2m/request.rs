//! Token requests, as they are sent.

use std::fmt;

use crate::crypto::encoding;
use crate::oidc::TokenRequest;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The token that is exchanged for another: the `subject_token` of RFC 8693, section 2.1.
///
/// # Example
///
/// ```
/// use logto::m2m::SubjectToken;
///
/// /// What a request brought: personal access tokens begin with `pat_`.
/// fn subject(token: &str) -> SubjectToken<'_> {
///     match token.starts_with("pat_") {
///         true => SubjectToken::PersonalAccessToken(token),
///         false => SubjectToken::AccessToken(token),
///     }
/// }
/// // It may be logged: the token is left out.
/// assert!(!format!("{:?}", subject("pat_secret")).contains("secret"));
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum SubjectToken<'a> {
    /// The access token that came with a request: the exchange acts on that user's behalf.
    AccessToken(&'a str),
    /// A personal access token, `pat_…`.
    PersonalAccessToken(&'a str),
    /// A subject token of the Management API (`POST /api/subject-tokens`): good once, for ten
    /// minutes.
    Impersonation(&'a str),
}

/// The kind alone: what it holds is a secret.
impl fmt::Debug for SubjectToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessToken(_) => "AccessToken",
            Self::PersonalAccessToken(_) => "PersonalAccessToken",
            Self::Impersonation(_) => "Impersonation",
        })
    }
}

impl SubjectToken<'_> {
    pub(super) fn fields(self) -> [(&'static str, String); 2] {
        let (token, token_type) = match self {
            Self::AccessToken(token) => (token, ACCESS_TOKEN),
            Self::PersonalAccessToken(token) => {
                (token, "urn:logto:token-type:personal_access_token")
            }
            Self::Impersonation(token) => (token, "urn:logto:token-type:impersonation_token"),
        };
        [("subject_token", token.to_owned()), ("subject_token_type", token_type.to_owned())]
    }
}

/// A token request as it is sent, and the name under which its outcome is kept.
pub(super) struct Form(Vec<(&'static str, String)>);

impl Form {
    pub(super) fn client_credentials(request: &TokenRequest) -> Self {
        Self::new("client_credentials", [], request)
    }

    pub(super) fn exchange(
        subject: SubjectToken<'_>,
        actor: Option<&str>,
        request: &TokenRequest,
    ) -> Self {
        let grant = "urn:ietf:params:oauth:grant-type:token-exchange";
        let actor = actor.map(|token| {
            [("actor_token", token.to_owned()), ("actor_token_type", ACCESS_TOKEN.to_owned())]
        });
        Self::new(grant, subject.fields().into_iter().chain(actor.into_iter().flatten()), request)
    }

    fn new(
        grant: &str,
        subject: impl IntoIterator<Item = (&'static str, String)>,
        request: &TokenRequest,
    ) -> Self {
        let target = &request.target;
        let scope = (!target.scopes.is_empty()).then(|| target.scopes.join(" "));
        let wanted = [
            ("resource", target.resource.clone()),
            ("organization_id", target.organization.clone()),
            ("scope", scope),
        ];
        let wanted = wanted.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let grant = [("grant_type", grant.to_owned())];
        Self(grant.into_iter().chain(subject).chain(wanted).collect())
    }

    pub(super) fn pairs(&self) -> Vec<(&str, &str)> {
        let pairs = self.0.iter();
        pairs.map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// A hash: tokens are not kept as keys.
    pub(super) fn key(&self) -> [u8; 32] {
        let lengths: Vec<_> = self.0.iter().map(|(_, v)| v.len().to_be_bytes()).collect();
        let parts = self.0.iter().zip(&lengths).flat_map(|((name, value), length)| {
            [name.as_bytes(), length.as_slice(), value.as_bytes()]
        });
        encoding::sha256(&parts.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_that_differ_have_different_keys() {
        let resource = TokenRequest::resource("https://a.example");
        let forms = [
            Form::client_credentials(&resource),
            Form::client_credentials(&resource.clone().with_scopes(["a"])),
            Form::client_credentials(&resource.clone().with_scopes(["a", "b"])),
            Form::client_credentials(&resource.clone().in_organization("o")),
            Form::client_credentials(&TokenRequest::organization("o")),
            Form::exchange(SubjectToken::AccessToken("t"), None, &resource),
            Form::exchange(SubjectToken::AccessToken("t"), Some("a"), &resource),
            Form::exchange(SubjectToken::PersonalAccessToken("t"), None, &resource),
            Form::exchange(SubjectToken::PersonalAccessToken("u"), None, &resource),
        ];
        let mut keys: Vec<_> = forms.iter().map(Form::key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), forms.len());
    }
}
