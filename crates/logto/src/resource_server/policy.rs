//! `Policy`: what a token has to permit.

use super::AccessTokenClaims;
use super::claims::Audience;
use crate::error::{Error, ErrorKind};
use crate::log_limit::limited;

/// What a route asks of an access token, besides being genuine and for this API.
///
/// # Example
///
/// ```
/// use logto::resource_server::Policy;
///
/// const INVITE: Policy = Policy::new()
///     .with_scopes(&["read:members", "invite:members"])
///     .with_organization_in_path("organization_id")
///     .users_only();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Each group has scopes that are all required.
    all: Groups,
    /// Of each group, one scope is required.
    any: Groups,
    audience: Audience,
    organization: Organization,
    subject: Subject,
    /// How many may act, one for the other.
    delegations: u8,
    /// Who may act; anyone if it is empty.
    actors: &'static [&'static str],
    /// Whether a delegated token that is accepted is not logged.
    quiet: bool,
}

/// Scopes as they were added, call by call: a constant has no lists that grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Groups {
    scopes: [&'static [&'static str]; MAX_GROUPS],
    count: usize,
}

/// How often a policy may add scopes of one kind.
const MAX_GROUPS: usize = 4;

impl Groups {
    const NONE: Self = Self { scopes: [&[]; MAX_GROUPS], count: 0 };

    #[allow(clippy::indexing_slicing, reason = "checked; `get_mut` is not for constants yet")]
    const fn add(&mut self, scopes: &'static [&'static str]) {
        if self.count < MAX_GROUPS {
            self.scopes[self.count] = scopes;
        }
        self.count += 1;
    }

    /// Whether scopes were left out because there were too many calls.
    fn are_too_many(&self) -> bool {
        self.count > MAX_GROUPS
    }

    fn iter(&self) -> impl Iterator<Item = &'static [&'static str]> {
        self.scopes.iter().copied().take(self.count)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Organization {
    Unasked,
    Forbidden,
    Any,
    From(OrganizationFrom),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Any,
    User,
    Machine,
}

/// Where a request says which organization it is about.
///
/// # Example
///
/// ```
/// use logto::resource_server::{OrganizationFrom, Policy};
///
/// const MEMBERS: Policy =
///     Policy::new().with_scopes(&["read:members"]).with_organization_in_header("x-organization-id");
///
/// /// What an adapter hands to `Api::authorize`.
/// fn organization<'a>(policy: &Policy, header: impl Fn(&str) -> Vec<&'a str>) -> Option<&'a str> {
///     match policy.organization_from()? {
///         OrganizationFrom::Header(name) => OrganizationFrom::sole(header(name)),
///         _ => None,
///     }
/// }
/// assert_eq!(organization(&MEMBERS, |_| vec!["wpmklpcc20gc"]), Some("wpmklpcc20gc"));
/// assert_eq!(organization(&Policy::new(), |_| vec!["wpmklpcc20gc"]), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OrganizationFrom {
    /// The parameter of that name in the route's path.
    Path(&'static str),
    /// The header of that name, as [`sole`](Self::sole) reads it.
    Header(&'static str),
}

impl OrganizationFrom {
    /// The value of a header that the request has once. With several, a proxy and this app could
    /// each read a different one.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::OrganizationFrom;
    ///
    /// assert_eq!(OrganizationFrom::sole(["wpmklpcc20gc"]), Some("wpmklpcc20gc"));
    /// assert_eq!(OrganizationFrom::sole(["wpmklpcc20gc", "9xq2m1v7d0hf"]), None);
    /// ```
    pub fn sole<'a, V>(values: impl IntoIterator<Item = &'a V>) -> Option<&'a str>
    where
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (Some(value), None) => str::from_utf8(value.as_ref()).ok(),
            _ => None,
        }
    }
}

impl Policy {
    /// Requires a token for this API and nothing else: of a user or a machine, with or without an
    /// organization.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            all: Groups::NONE,
            any: Groups::NONE,
            audience: Audience::Resource,
            organization: Organization::Unasked,
            subject: Subject::Any,
            delegations: 0,
            actors: &[],
            quiet: false,
        }
    }

    /// Requires all of these scopes, and those that were named before. A policy that names scopes in
    /// more than four calls permits nothing.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Policy;
    ///
    /// /// One policy for each thing that a route does, as a constant beside it.
    /// const READ: Policy = Policy::new().with_scopes(&["read:things"]);
    /// const REPLACE: Policy = READ.with_scopes(&["write:things"]);
    /// assert_ne!(REPLACE, Policy::new().with_scopes(&["write:things"]));
    /// ```
    #[must_use]
    pub const fn with_scopes(mut self, scopes: &'static [&'static str]) -> Self {
        self.all.add(scopes);
        self
    }

    /// Requires at least one of these scopes. Each further call adds a list of which one is required
    /// too; after more than four calls the policy permits nothing.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Policy;
    ///
    /// // One of the two, and in any case the third.
    /// const SHOW: Policy =
    ///     Policy::new().with_any_scope(&["read:things", "write:things"]).with_scopes(&["read:members"]);
    /// ```
    #[must_use]
    pub const fn with_any_scope(mut self, scopes: &'static [&'static str]) -> Self {
        self.any.add(scopes);
        self
    }

    /// Requires a token of the organization that the parameter of that name in the route's path
    /// names. An API that serves organizations has to: a token without organization carries the
    /// permissions of all of a user's organizations.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Policy;
    ///
    /// /// For `/organizations/{organization_id}/members`.
    /// const MEMBERS: Policy = Policy::new()
    ///     .with_scopes(&["read:members"])
    ///     .with_organization_in_path("organization_id");
    /// ```
    #[must_use]
    pub const fn with_organization_in_path(mut self, parameter: &'static str) -> Self {
        self.organization = Organization::From(OrganizationFrom::Path(parameter));
        self
    }

    /// Requires a token of the organization that the header of that name names.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Policy;
    ///
    /// /// For clients that send `X-Organization-Id`.
    /// const MEMBERS: Policy = Policy::new()
    ///     .with_scopes(&["read:members"])
    ///     .with_organization_in_header("x-organization-id");
    /// ```
    #[must_use]
    pub const fn with_organization_in_header(mut self, header: &'static str) -> Self {
        self.organization = Organization::From(OrganizationFrom::Header(header));
        self
    }

    /// Requires a token of some organization; which one is in
    /// [`organization_id`](AccessTokenClaims::organization_id).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::{AccessTokenClaims, Policy};
    ///
    /// /// The route does not say which organization it is about: the token does.
    /// const OWN_THINGS: Policy = Policy::new().with_scopes(&["read:things"]).with_organization();
    ///
    /// fn query(claims: &AccessTokenClaims) -> Option<String> {
    ///     let organization = claims.organization_id()?;
    ///     Some(format!("things of {organization}"))
    /// }
    /// ```
    #[must_use]
    pub const fn with_organization(mut self) -> Self {
        self.organization = Organization::Any;
        self
    }

    /// Refuses tokens that are limited to an organization.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Policy;
    ///
    /// /// A user's own things, whichever organizations they are in.
    /// const OWN_THINGS: Policy = Policy::new().with_scopes(&["read:things"]).without_organization();
    /// ```
    #[must_use]
    pub const fn without_organization(mut self) -> Self {
        self.organization = Organization::Forbidden;
        self
    }

    /// Requires an organization token instead of one for this API: for the permissions of Logto's
    /// organization template, which belong to no API.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Policy;
    ///
    /// /// `invite:member` is a permission of the organization template.
    /// const INVITE: Policy = Policy::new()
    ///     .with_organization_token()
    ///     .with_scopes(&["invite:member"])
    ///     .with_organization_in_path("organization_id");
    /// ```
    #[must_use]
    pub const fn with_organization_token(mut self) -> Self {
        self.audience = Audience::Organization;
        self
    }

    /// Refuses machine tokens.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Policy;
    ///
    /// /// A machine has no profile.
    /// const PROFILE: Policy = Policy::new().with_scopes(&["read:profile"]).users_only();
    /// ```
    #[must_use]
    pub const fn users_only(mut self) -> Self {
        self.subject = Subject::User;
        self
    }

    /// Refuses users' tokens.
    ///
    /// # Example
    ///
    /// ```
    /// # use logto::m2m::{MachineApp, MachineConfig};
    /// use logto::resource_server::{Api, Policy};
    ///
    /// const IMPORT: Policy = Policy::new().with_scopes(&["read:things"]).machines_only();
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let machine = tenant.machine_app();
    /// # let config = MachineConfig::new(tenant.endpoint(), &machine.app_id, &machine.app_secret);
    /// # let app = MachineApp::new(config)?;
    /// # let api = Api::new(tenant.endpoint(), "https://api.example.test")?;
    /// let token = app.token("https://api.example.test", "read:things").await?;
    /// let claims = api.verify(token.as_str()).await?;
    /// assert!(IMPORT.permits(&claims, None));
    /// assert!(!Policy::new().users_only().permits(&claims, None));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub const fn machines_only(mut self) -> Self {
        self.subject = Subject::Machine;
        self
    }

    /// Accepts tokens of someone who acts for the user (`act`, RFC 8693, section 4.1), if at most
    /// `depth` do, one for the other. Default: 0, so a delegated call is refused. Each one that is
    /// accepted is logged.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Policy;
    ///
    /// const FOR_OTHERS_TOO: Policy =
    ///     Policy::new().with_delegation(1).with_actors(&["user id of the support team"]);
    /// ```
    #[must_use]
    pub const fn with_delegation(mut self, depth: u8) -> Self {
        self.delegations = depth;
        self
    }

    /// Of those who act for the user, accepts these only, by their `sub`, in place of those that
    /// were named before. It has no effect without [`with_delegation`](Self::with_delegation).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Policy;
    ///
    /// /// Two members of the support team may act for customers, and no one else.
    /// const SUPPORT: Policy = Policy::new()
    ///     .with_scopes(&["read:things"])
    ///     .with_delegation(1)
    ///     .with_actors(&["user id of Dora", "user id of Emil"]);
    /// ```
    #[must_use]
    pub const fn with_actors(mut self, actors: &'static [&'static str]) -> Self {
        self.actors = actors;
        self
    }

    /// Does not log that a [delegated](Self::with_delegation) token was accepted: for a first look
    /// at a token about which more is decided, and logged, later.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::Policy;
    ///
    /// /// Whose token it is, before the body says what it is for.
    /// const ANYONE: Policy = Policy::new().with_delegation(1).without_log();
    /// ```
    #[must_use]
    pub const fn without_log(mut self) -> Self {
        self.quiet = true;
        self
    }

    pub(super) fn logs(&self) -> bool {
        !self.quiet
    }

    /// Where the request says which organization it is about, if the policy asks.
    #[must_use]
    pub const fn organization_from(&self) -> Option<OrganizationFrom> {
        match self.organization {
            Organization::From(from) => Some(from),
            _ => None,
        }
    }

    pub(crate) fn asks_for_organization_token(&self) -> bool {
        self.audience == Audience::Organization
    }

    /// Whether the token permits what the policy asks for. `organization` is the one that the
    /// request is about; a policy that asks for it and gets `None` refuses the request.
    ///
    /// That the token is genuine and fresh was seen when its claims were made.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::resource_server::{AccessTokenClaims, Policy};
    ///
    /// const EDIT: Policy = Policy::new().with_any_scope(&["write:things", "admin"]);
    ///
    /// /// For one of many items of a page: the request itself was permitted by a weaker policy.
    /// fn edit_button(claims: &AccessTokenClaims) -> &'static str {
    ///     if EDIT.permits(claims, None) { "<button>Edit</button>" } else { "" }
    /// }
    /// ```
    #[must_use]
    pub fn permits(&self, token: &AccessTokenClaims, organization: Option<&str>) -> bool {
        self.find_fault(token, organization).is_none()
    }

    /// As [`permits`](Self::permits), and if not, why.
    pub(super) fn check(
        &self,
        token: &AccessTokenClaims,
        organization: Option<&str>,
    ) -> Result<(), Error> {
        match (self.organization_from(), organization) {
            (Some(OrganizationFrom::Header(_)), None) => {
                let why = "the request does not say, or says twice, which organization it is about";
                return Err(Error::new(ErrorKind::InvalidRequest, why));
            }
            (Some(OrganizationFrom::Path(name)), None) => {
                limited!(
                    error,
                    "the policy reads the organization from path parameter `{name}`, which the route does not have"
                );
                let why = "it is not known which organization the request is about";
                return Err(Error::new(ErrorKind::Forbidden, why));
            }
            _ => {}
        }
        match self.find_fault(token, organization) {
            None => Ok(()),
            // Its `aud` is not this API (RFC 9068, section 4), so its scopes are of no matter.
            Some(fault) if token.is_organization_token() && !self.asks_for_organization_token() => {
                let why = format!("the access token is refused: {fault}");
                Err(Error::new(ErrorKind::InvalidToken, why))
            }
            Some(fault) => Err(Error::new(
                ErrorKind::Forbidden,
                format!("the access token does not permit this: {fault}"),
            )),
        }
    }

    /// What is missing, for the log.
    fn find_fault(
        &self,
        token: &AccessTokenClaims,
        organization: Option<&str>,
    ) -> Option<&'static str> {
        if token.audience() != self.audience {
            return Some(match self.audience {
                Audience::Resource => "it is an organization token and not for this API",
                Audience::Organization => "it is for this API and no organization token",
            });
        }
        match self.subject {
            Subject::User if token.is_machine() => {
                return Some("it is a machine's and not a user's");
            }
            Subject::Machine if !token.is_machine() => {
                return Some("it is a user's and not a machine's");
            }
            _ => {}
        }
        if let Some(actor) = token.actor()
            && (token.delegation_depth() > self.delegations
                || !(self.actors.is_empty() || self.actors.contains(&actor)))
        {
            return Some("the token is delegated (`act`) and the policy does not allow its actor");
        }
        let is_right_organization = match self.organization {
            Organization::Unasked => true,
            Organization::Forbidden => token.organization_id().is_none(),
            Organization::Any => token.organization_id().is_some(),
            Organization::From(_) => {
                organization.is_some() && token.organization_id() == organization
            }
        };
        if !is_right_organization {
            return Some("it is not of the right organization");
        }
        if self.all.are_too_many() || self.any.are_too_many() {
            limited!(error, "a policy names scopes in more than four calls, so it permits nothing");
            return Some("its policy names scopes in more than four calls");
        }
        let has = |scope: &&str| token.has_scope(scope);
        let has_all = self.all.iter().all(|scopes| scopes.iter().all(has));
        let has_any = |scopes: &[&str]| scopes.is_empty() || scopes.iter().any(has);
        if !has_all || !self.any.iter().all(has_any) {
            return Some("a scope is missing");
        }
        None
    }

    /// Scopes with which the request would have succeeded.
    pub(super) fn scope(&self) -> String {
        let any = self.any.iter().filter_map(<[_]>::first);
        let mut scopes: Vec<&str> = Vec::new();
        for scope in self.all.iter().flatten().chain(any) {
            if !scopes.contains(scope) {
                scopes.push(scope);
            }
        }
        scopes.join(" ")
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests;
