//! The claims of a verified access token.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

use super::actor::Actor;
use super::challenge::Challenge;
use crate::cache::Cacheable;
use crate::crypto::encoding;
use crate::error::{Error, ErrorKind};
use crate::oidc::claims::{OneOrMany, seconds, serialize_all};
use crate::oidc::jwt::KeySetVersion;
use crate::span::Span;

/// The `aud` of an organization token, before the organization's id.
const ORGANIZATION: &str = "urn:logto:organization:";

/// The claims of an access token that was verified (RFC 9068, section 2.2). Cheap to clone.
///
/// # Example
///
/// ```
/// use logto::resource_server::AccessTokenClaims;
///
/// fn describe(claims: &AccessTokenClaims) -> String {
///     let kind = if claims.is_machine() { "application" } else { "user" };
///     let may_write = claims.has_scope("write:things");
///     format!("{kind} {} of {:?}, may write: {may_write}", claims.sub(), claims.organization_id())
/// }
/// ```
#[derive(Clone)]
pub struct AccessTokenClaims(Arc<Verified>);

/// Token and claims in one piece of text, because thousands of them are kept.
struct Verified {
    text: Box<str>,
    token: Span,
    sub: Span,
    client_id: Span,
    scope: Span,
    jti: Span,
    organization: Option<Span>,
    actor: Option<Span>,
    /// How many acted, one for the other, until it came to this token.
    delegations: u8,
    audience: Audience,
    issued_at: u64,
    expires_at: u64,
    /// Until when it may be believed without another look, and by which key set it was verified.
    believed_until: u64,
    version: KeySetVersion,
}

/// The audience of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// This API.
    Resource,
    /// An organization: an organization token.
    Organization,
}

/// The claims as they are in the token. What RFC 9068 requires and Logto always sends is required.
#[derive(Deserialize)]
pub(super) struct Payload {
    pub(super) iss: String,
    aud: OneOrMany,
    sub: String,
    client_id: String,
    pub(super) exp: f64,
    pub(super) iat: f64,
    pub(super) nbf: Option<f64>,
    #[serde(default)]
    scope: String,
    jti: Option<String>,
    organization_id: Option<String>,
    act: Option<Actor>,
}

impl Payload {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(payload).map_err(|error| {
            Error::malformed(ErrorKind::InvalidToken, "the token's payload", &error)
        })
    }

    pub(super) fn names_a_subject(&self) -> bool {
        !self.sub.is_empty() && !self.client_id.is_empty()
    }

    /// The API the token is for, and its organization if it has one; `None` if it is not for us.
    fn audience(&self, resource: &str) -> Option<(Audience, Option<&str>)> {
        let audiences = match &self.aud {
            OneOrMany::One(one) => std::slice::from_ref(one),
            OneOrMany::Many(many) => many.as_slice(),
        };
        if audiences.iter().any(|audience| audience == resource) {
            return Some((Audience::Resource, self.organization_id.as_deref()));
        }
        match audiences {
            [only] => {
                let id = only.strip_prefix(ORGANIZATION).filter(|id| !id.is_empty())?;
                Some((Audience::Organization, Some(id)))
            }
            _ => None,
        }
    }

    pub(super) fn is_for(&self, resource: &str) -> bool {
        self.audience(resource).is_some()
    }
}

impl AccessTokenClaims {
    /// The claims of `token`, whose signature was verified; `None` if it is not for `resource`.
    pub(super) fn new(
        token: &str,
        payload: &Payload,
        resource: &str,
        believed_until: u64,
        version: KeySetVersion,
    ) -> Option<Self> {
        let (audience, organization) = payload.audience(resource)?;
        let mut text = String::with_capacity(
            token.len()
                + payload.sub.len()
                + payload.client_id.len()
                + payload.scope.len()
                + payload.jti.as_deref().map_or(0, str::len)
                + organization.map_or(0, str::len)
                + payload.act.as_ref().map_or(0, |act| act.sub.len()),
        );
        let mut append = |part: &str| Span::append(&mut text, part);
        let token = append(token);
        let sub = append(&payload.sub);
        let client_id = append(&payload.client_id);
        let scope = append(&payload.scope);
        let jti = append(payload.jti.as_deref().unwrap_or_default());
        let organization = organization.map(&mut append);
        let actor = payload.act.as_ref().map(|act| append(&act.sub));
        let delegations = payload.act.as_ref().map_or(0, Actor::depth);
        let expires_at = seconds(payload.exp);
        Some(Self(Arc::new(Verified {
            token,
            sub,
            client_id,
            scope,
            jti,
            organization,
            actor,
            delegations,
            audience,
            issued_at: seconds(payload.iat),
            expires_at,
            believed_until: believed_until.min(expires_at),
            version,
            text: text.into(),
        })))
    }

    fn part(&self, span: Span) -> &str {
        span.slice(&self.0.text)
    }

    /// The token itself, for the exchange that calls another API [on the user's
    /// behalf](crate::m2m::SubjectToken::AccessToken). It is as good as a password for an hour:
    /// keep it out of logs.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::m2m::{MachineApp, SubjectToken};
    /// use logto::resource_server::AccessTokenClaims;
    /// use logto::{AccessToken, Error, TokenRequest};
    ///
    /// /// A token for another API, for the user of this request.
    /// async fn for_billing(app: &MachineApp, caller: &AccessTokenClaims) -> Result<AccessToken, Error> {
    ///     let billing = TokenRequest::resource("https://bills.example.test").with_scopes(["read:bills"]);
    ///     app.exchange(SubjectToken::AccessToken(caller.token()), &billing).await
    /// }
    /// ```
    #[must_use]
    pub fn token(&self) -> &str {
        self.part(self.0.token)
    }

    /// Whose token it is: the id of a user, or of the application for a machine token.
    #[must_use]
    pub fn sub(&self) -> &str {
        self.part(self.0.sub)
    }

    /// The application that the token was issued to.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::AccessTokenClaims;
    ///
    /// /// For a limit of requests by user and app. A machine's token has the app's id in both.
    /// fn key(claims: &AccessTokenClaims) -> String {
    ///     match claims.is_machine() {
    ///         true => format!("app {}", claims.client_id()),
    ///         false => format!("user {} with app {}", claims.sub(), claims.client_id()),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.part(self.0.client_id)
    }

    /// Whether an application acts for itself, without a user.
    #[must_use]
    pub fn is_machine(&self) -> bool {
        self.sub() == self.client_id()
    }

    /// Who acts for the user, if someone else does: the `sub` of `act` (RFC 8693, section 4.1). A
    /// [policy](crate::resource_server::Policy::with_delegation) has to allow that.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::AccessTokenClaims;
    ///
    /// /// For an audit log: who did it, and for whom.
    /// fn author(claims: &AccessTokenClaims) -> String {
    ///     match (claims.actor(), claims.delegation_depth()) {
    ///         (None, _) => claims.sub().to_owned(),
    ///         (Some(actor), 1) => format!("{actor} for {}", claims.sub()),
    ///         (Some(actor), depth) => format!("{actor} for {}, in {depth} steps", claims.sub()),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn actor(&self) -> Option<&str> {
        self.0.actor.map(|actor| self.part(actor))
    }

    /// How many act, one for the other: 0 without an [actor](Self::actor), 1 if the actor acts for
    /// the user directly.
    #[must_use]
    pub fn delegation_depth(&self) -> u8 {
        self.0.delegations
    }

    /// The permissions, which Logto calls scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.part(self.0.scope).split(' ').filter(|scope| !scope.is_empty())
    }

    /// Whether the token has this permission.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::AccessTokenClaims;
    ///
    /// /// What a response says of one thing: more to those who may change it.
    /// fn fields(claims: &AccessTokenClaims) -> &'static [&'static str] {
    ///     if claims.has_scope("write:things") { &["name", "notes"] } else { &["name"] }
    /// }
    /// ```
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|granted| granted == scope)
    }

    /// The organization that the token is limited to. A token for an API without it carries the
    /// permissions that the user has in *all* their organizations.
    #[must_use]
    pub fn organization_id(&self) -> Option<&str> {
        self.0.organization.map(|id| self.part(id))
    }

    /// Whether it is an organization token: for the permissions of an organization and not for
    /// those of an API.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::AccessTokenClaims;
    ///
    /// /// What the scopes are about.
    /// fn kind(claims: &AccessTokenClaims) -> &'static str {
    ///     match (claims.is_organization_token(), claims.organization_id()) {
    ///         (true, _) => "the organization itself",
    ///         (false, Some(_)) => "the API, in one organization",
    ///         (false, None) => "the API, in all of the user's organizations",
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn is_organization_token(&self) -> bool {
        self.audience() == Audience::Organization
    }

    /// The token's own id, if it has one.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::AccessTokenClaims;
    ///
    /// /// A line for the access log: never the token itself.
    /// fn line(claims: &AccessTokenClaims, now: u64) -> String {
    ///     let age = now.saturating_sub(claims.issued_at());
    ///     format!("client {}, token {:?}, {age} s old", claims.client_id(), claims.jti())
    /// }
    /// ```
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        Some(self.part(self.0.jti)).filter(|jti| !jti.is_empty())
    }

    /// When the token was issued, in seconds since the Unix epoch.
    #[must_use]
    pub fn issued_at(&self) -> u64 {
        self.0.issued_at
    }

    /// When the token ends, in seconds since the Unix epoch.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::AccessTokenClaims;
    ///
    /// /// For a WebSocket: after so many seconds the client has to send a new token.
    /// fn seconds_left(claims: &AccessTokenClaims, now: u64) -> u64 {
    ///     claims.expires_at().saturating_sub(now)
    /// }
    /// ```
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.0.expires_at
    }

    /// All claims as your own type: those that you added by Logto's custom JWT script, and the
    /// standard ones. It is read anew with every call.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Forbidden`] if they are not as your type says; the request gets 403.
    ///
    /// # Example
    ///
    /// ```
    /// #[derive(serde::Deserialize)]
    /// struct Plan {
    ///     plan: String,
    /// }
    ///
    /// fn plan(token: &logto::resource_server::AccessTokenClaims) -> Result<String, logto::Error> {
    ///     Ok(token.custom::<Plan>()?.plan)
    /// }
    /// ```
    pub fn custom<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.payload()).map_err(|error| {
            let what = "the access token's custom claims";
            Challenge::default().forbid(Error::malformed(ErrorKind::Forbidden, what, &error))
        })
    }

    fn payload(&self) -> Vec<u8> {
        let payload = self.token().split('.').nth(1);
        payload.and_then(encoding::decode).unwrap_or_default()
    }

    pub(super) fn audience(&self) -> Audience {
        self.0.audience
    }

    /// Whether it may be believed without another look.
    pub(super) fn is_believed(&self, now: u64, version: KeySetVersion) -> bool {
        now < self.0.believed_until && self.0.version == version
    }
}

impl Cacheable for AccessTokenClaims {
    fn text(&self) -> &[u8] {
        self.token().as_bytes()
    }

    fn bytes(&self) -> usize {
        self.0.text.len() + size_of::<Verified>()
    }
}

/// All claims as they are in the token.
impl Serialize for AccessTokenClaims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_all(&self.payload(), serializer)
    }
}

/// Everything but the token.
impl fmt::Debug for AccessTokenClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenClaims")
            .field("sub", &self.sub())
            .field("client_id", &self.client_id())
            .field("scope", &self.part(self.0.scope))
            .field("organization_id", &self.organization_id())
            .field("actor", &self.actor())
            .field("expires_at", &self.0.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
