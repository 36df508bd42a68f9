//! What a token is asked for.

use std::fmt;

use crate::encoding;

/// What a token is for: an API resource, an organization, or an API resource within an
/// organization, and which of its permissions.
///
/// # Example
///
/// ```
/// use logto::machine::TokenRequest;
///
/// let things = TokenRequest::for_resource("https://api.example.test").with_scope("read:things");
/// let members = TokenRequest::for_organization("wpmklpcc20gc").with_scope("read:members");
/// let both = things.clone().in_organization("wpmklpcc20gc");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenRequest {
    resource: Option<String>,
    organization: Option<String>,
    scopes: Vec<String>,
}

impl TokenRequest {
    /// A token for an API resource, by its indicator.
    #[must_use]
    pub fn for_resource(resource: impl Into<String>) -> Self {
        Self {
            resource: Some(resource.into()),
            organization: None,
            scopes: Vec::new(),
        }
    }

    /// An organization token: for the permissions that the organization template defines.
    #[must_use]
    pub fn for_organization(organization_id: impl Into<String>) -> Self {
        Self {
            resource: None,
            organization: Some(organization_id.into()),
            scopes: Vec::new(),
        }
    }

    /// The same within an organization: only what its roles permit.
    #[must_use]
    pub fn in_organization(mut self, organization_id: impl Into<String>) -> Self {
        self.organization = Some(organization_id.into());
        self
    }

    /// Asks for permissions, separated by spaces. Logto gives none that are not asked for, and drops
    /// without a word those that the app does not have: see
    /// [`IssuedToken::scopes`](super::IssuedToken::scopes).
    #[must_use]
    pub fn with_scope(mut self, scope: &str) -> Self {
        self.scopes
            .extend(scope.split_whitespace().map(str::to_owned));
        self
    }

    /// The form fields, which also tell one request from another.
    pub(super) fn fields(&self) -> Vec<(&'static str, String)> {
        let scope = (!self.scopes.is_empty()).then(|| self.scopes.join(" "));
        [
            ("resource", self.resource.clone()),
            ("organization_id", self.organization.clone()),
            ("scope", scope),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// Whose token is exchanged for another (RFC 8693, section 2.1).
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Subject<'a> {
    /// The access token that came with a request: the exchange acts on that person's behalf.
    AccessToken(&'a str),
    /// A personal access token, `pat_…`.
    PersonalAccessToken(&'a str),
    /// A subject token of the Management API (`POST /api/subject-tokens`): good once, for ten
    /// minutes.
    Impersonation(&'a str),
}

/// The kind alone: what it holds is a secret.
impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessToken(_) => "AccessToken",
            Self::PersonalAccessToken(_) => "PersonalAccessToken",
            Self::Impersonation(_) => "Impersonation",
        })
    }
}

impl Subject<'_> {
    pub(super) fn fields(self) -> [(&'static str, String); 2] {
        let (token, token_type) = match self {
            Self::AccessToken(token) => (token, "urn:ietf:params:oauth:token-type:access_token"),
            Self::PersonalAccessToken(token) => {
                (token, "urn:logto:token-type:personal_access_token")
            }
            Self::Impersonation(token) => (token, "urn:logto:token-type:impersonation_token"),
        };
        [
            ("subject_token", token.to_owned()),
            ("subject_token_type", token_type.to_owned()),
        ]
    }
}

/// A token request as it is sent, and the name under which its outcome is kept.
pub(super) struct Form(Vec<(&'static str, String)>);

impl Form {
    pub(super) fn client_credentials(request: &TokenRequest) -> Self {
        Self::new("client_credentials", [], request)
    }

    pub(super) fn exchange(subject: Subject<'_>, request: &TokenRequest) -> Self {
        let grant = "urn:ietf:params:oauth:grant-type:token-exchange";
        Self::new(grant, subject.fields(), request)
    }

    fn new(
        grant: &str,
        subject: impl IntoIterator<Item = (&'static str, String)>,
        request: &TokenRequest,
    ) -> Self {
        let grant = [("grant_type", grant.to_owned())];
        Self(
            grant
                .into_iter()
                .chain(subject)
                .chain(request.fields())
                .collect(),
        )
    }

    pub(super) fn pairs(&self) -> Vec<(&str, &str)> {
        let pairs = self.0.iter();
        pairs.map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// A hash: tokens are not kept as keys.
    pub(super) fn key(&self) -> [u8; 32] {
        let lengths: Vec<_> = self.0.iter().map(|(_, v)| v.len().to_be_bytes()).collect();
        let parts = self
            .0
            .iter()
            .zip(&lengths)
            .flat_map(|((name, value), length)| {
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
        let resource = TokenRequest::for_resource("https://a.example");
        let forms = [
            Form::client_credentials(&resource),
            Form::client_credentials(&resource.clone().with_scope("a")),
            Form::client_credentials(&resource.clone().with_scope("a b")),
            Form::client_credentials(&resource.clone().in_organization("o")),
            Form::client_credentials(&TokenRequest::for_organization("o")),
            Form::exchange(Subject::AccessToken("t"), &resource),
            Form::exchange(Subject::PersonalAccessToken("t"), &resource),
            Form::exchange(Subject::PersonalAccessToken("u"), &resource),
        ];
        let mut keys: Vec<_> = forms.iter().map(Form::key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), forms.len());
    }
}
