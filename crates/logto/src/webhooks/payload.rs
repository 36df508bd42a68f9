//! The data of events.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::Value;

use super::body::Body;
use crate::clock::from_millis;

/// A user, as events show them.
///
/// # Example
///
/// ```
/// use logto::webhooks::{Event, WebhookUser};
///
/// /// The user to write into the app's own table.
/// fn changed(event: &Event) -> Option<&WebhookUser> {
///     match event {
///         Event::UserCreated(change) | Event::UserDataUpdated(change) => change.user.as_ref(),
///         _ => None,
///     }
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct WebhookUser {
    /// The user's id in Logto: the `sub` of their sessions.
    pub id: String,
    /// User name.
    pub username: Option<String>,
    /// E-mail address.
    pub primary_email: Option<String>,
    /// Phone number.
    pub primary_phone: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Address of the picture.
    pub avatar: Option<String>,
    /// What the tenant keeps about the user.
    pub custom_data: Option<Value>,
    /// Social identities by connector target.
    pub identities: Option<Value>,
    /// The other claims of the profile.
    pub profile: Option<Value>,
    /// The application of their first sign-in.
    pub application_id: Option<String>,
    /// The client ID of their first sign-in, where that was a [metadata
    /// document](Interaction::cimd_client_id).
    pub cimd_client_id: Option<String>,
    /// Whether they may not sign in.
    pub is_suspended: Option<bool>,
    /// When the account was made.
    pub created_at: Option<SystemTime>,
    /// When the account changed last.
    pub updated_at: Option<SystemTime>,
    /// When they last signed in.
    pub last_sign_in_at: Option<SystemTime>,
}

/// An application, as events show it.
///
/// # Example
///
/// ```
/// use logto::webhooks::{Event, Interaction};
///
/// /// Whether a user registered by way of this app.
/// fn is_ours(event: &Event, app_id: &str) -> bool {
///     match event {
///         Event::PostRegister(Interaction { application: Some(app), .. }) => app.id == app_id,
///         _ => false,
///     }
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Application {
    /// Its id.
    pub id: String,
    /// Its type, for example `Traditional`.
    pub kind: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// Something that a user did on Logto's pages.
///
/// # Example
///
/// ```
/// use logto::webhooks::Event;
///
/// /// A mail after a sign-in from somewhere.
/// fn notice(event: &Event) -> Option<String> {
///     let Event::PostSignIn(sign_in) = event else { return None };
///     let ip = sign_in.ip.as_deref().unwrap_or("an unknown address");
///     let app = sign_in.application.as_ref().and_then(|app| app.name.as_deref()).unwrap_or("an app");
///     Some(format!("{} signed in to {app} from {ip}", sign_in.user_id))
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Interaction {
    /// The user's id in Logto.
    pub user_id: String,
    /// The user.
    pub user: Option<WebhookUser>,
    /// `SignIn`, `Register` or `ForgotPassword`.
    pub kind: Option<String>,
    /// Which visit to Logto's pages it was; not the `sid` of an ID token.
    pub session_id: Option<String>,
    /// The application that they were on the way to; `None` with a client ID metadata document.
    pub application: Option<Application>,
    /// The URL of the client ID metadata document of the app that they were on the way to, for
    /// example of an MCP client. Such apps are not registered in the tenant.
    pub cimd_client_id: Option<String>,
    /// The user's address.
    pub ip: Option<String>,
    /// The user's browser.
    pub user_agent: Option<String>,
    /// Why adaptive MFA asks, where the event is about that.
    pub adaptive_mfa_result: Option<Value>,
}

/// Where a change came from. From the Management API there is a path, but nothing that says which
/// program called it; from the sign-in pages an application; from the Account API neither.
///
/// # Example
///
/// ```
/// use logto::webhooks::Origin;
///
/// /// Whether a program changed it, by the Management API.
/// fn is_by_program(origin: &Origin) -> bool {
///     origin.path.is_some() && origin.application.is_none()
/// }
/// assert!(!is_by_program(&Origin::default()));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The path below `/api`.
    pub path: Option<String>,
    /// The route, for example `/users/:userId`.
    pub matched_route: Option<String>,
    /// The method.
    pub method: Option<String>,
    /// The status that was answered.
    pub status: Option<u64>,
    /// The parameters of the route.
    pub params: BTreeMap<String, String>,
    /// The application whose sign-in it was.
    pub application: Option<Application>,
    /// Which visit to Logto's pages it was.
    pub session_id: Option<String>,
    /// The caller's address.
    pub ip: Option<String>,
    /// The caller's program or browser.
    pub user_agent: Option<String>,
}

/// A user was created, changed or deleted.
///
/// # Example
///
/// ```
/// use logto::webhooks::Event;
///
/// /// Whose rows the app should lock, and whether.
/// fn suspended(event: &Event) -> Option<(&str, bool)> {
///     let Event::UserSuspensionStatusUpdated(change) = event else { return None };
///     Some((&change.user_id, change.user.as_ref()?.is_suspended?))
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct UserChange {
    /// The user's id in Logto.
    pub user_id: String,
    /// The whole user; `None` where Logto sends a part of them only.
    pub user: Option<WebhookUser>,
    /// What Logto sends as `data`.
    pub data: Option<Value>,
    /// Where it came from.
    pub origin: Origin,
}

/// A role, scope or organization was created, changed or deleted.
///
/// # Example
///
/// ```
/// use logto::webhooks::Event;
///
/// /// The organization whose rows have to go.
/// fn deleted_organization(event: &Event) -> Option<&str> {
///     match event {
///         Event::OrganizationDeleted(change) => Some(&change.id),
///         _ => None,
///     }
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Change {
    /// The id of what changed.
    pub id: String,
    /// What Logto sends as `data`; nothing of what is deleted.
    pub data: Option<Value>,
    /// Where it came from.
    pub origin: Origin,
}

/// The members of an organization changed. Logto 1.37 does not say which.
///
/// # Example
///
/// ```
/// use logto::webhooks::Event;
///
/// /// Who lost access to what the organization has.
/// fn removed(event: &Event) -> &[String] {
///     match event {
///         Event::OrganizationMembershipUpdated(change) => &change.removed_user_ids,
///         _ => &[],
///     }
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MembershipChange {
    /// The organization.
    pub organization_id: String,
    /// Users who are members now.
    pub added_user_ids: Vec<String>,
    /// Users who are not members any more.
    pub removed_user_ids: Vec<String>,
    /// Applications that are members now.
    pub added_application_ids: Vec<String>,
    /// Applications that are not members any more.
    pub removed_application_ids: Vec<String>,
    /// Where it came from.
    pub origin: Origin,
}

/// An identifier is locked after too many failed attempts, or was tried while it is.
///
/// # Example
///
/// ```
/// use logto::webhooks::Event;
///
/// fn alert(event: &Event) -> Option<String> {
///     match event {
///         Event::IdentifierLockout(lock) => Some(format!("{} {} is locked", lock.kind, lock.value)),
///         Event::MessageRateLimited(limit) => Some(format!("too many times {}", limit.action)),
///         Event::GrantLimitExceeded(limit) => {
///             Some(format!("{} grants were revoked", limit.revoked_grant_ids.len()))
///         }
///         _ => None,
///     }
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lockout {
    /// `username`, `email` or `phone`.
    pub kind: String,
    /// The identifier.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Too many codes were asked for.
///
/// # Example
///
/// ```
/// use logto::webhooks::RateLimit;
///
/// /// A line for an alert, which does not tell whom it is about.
/// fn alert(limit: &RateLimit) -> String {
///     let to = if limit.recipient.is_some() { "one recipient" } else { "an unknown recipient" };
///     format!("too many codes for {to} ({}), asked for from {:?}", limit.action, limit.origin.ip)
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// For example `VerificationCodeSend`.
    pub action: String,
    /// The e-mail address or phone number.
    pub recipient: Option<String>,
    /// Where it came from.
    pub origin: Origin,
}

/// An application's limit of grants was reached, so older ones of a user were revoked.
///
/// # Example
///
/// ```
/// use logto::webhooks::GrantLimit;
///
/// /// A line for the log of an app where this means that a user shares their account.
/// fn line(limit: &GrantLimit) -> String {
///     let allowed = limit.max_allowed_grants.unwrap_or_default();
///     format!("{} had more than {allowed} grants of {:?}", limit.user_id, limit.application_id)
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GrantLimit {
    /// The user.
    pub user_id: String,
    /// The application.
    pub application_id: Option<String>,
    /// The grants that were revoked.
    pub revoked_grant_ids: Vec<String>,
    /// The limit.
    pub max_allowed_grants: Option<u64>,
    /// Where it came from.
    pub origin: Origin,
}

/// A payload; `None` if the body lacks what it is about.
pub(super) trait Payload: Sized {
    fn read(body: &Body<'_>) -> Option<Self>;
}

impl Payload for WebhookUser {
    fn read(body: &Body<'_>) -> Option<Self> {
        Some(Self {
            id: body.text("id")?,
            username: body.text("username"),
            primary_email: body.text("primaryEmail"),
            primary_phone: body.text("primaryPhone"),
            name: body.text("name"),
            avatar: body.text("avatar"),
            custom_data: body.value("customData"),
            identities: body.value("identities"),
            profile: body.value("profile"),
            application_id: body.text("applicationId"),
            cimd_client_id: body.text("cimdClientId"),
            is_suspended: body.is("isSuspended"),
            created_at: body.number("createdAt").and_then(from_millis),
            updated_at: body.number("updatedAt").and_then(from_millis),
            last_sign_in_at: body.number("lastSignInAt").and_then(from_millis),
        })
    }
}

fn application(body: &Body<'_>) -> Option<Application> {
    let application = body.object("application");
    let text = |name| application.as_ref().and_then(|application| application.text(name));
    let (kind, name, id) = (text("type"), text("name"), text("id"));
    Some(Application { id: id.or_else(|| body.text("applicationId"))?, kind, name })
}

impl Origin {
    fn read(body: &Body<'_>) -> Self {
        Self {
            path: body.text("path"),
            matched_route: body.text("matchedRoute"),
            method: body.text("method"),
            status: body.number("status"),
            params: body.map("params"),
            application: application(body),
            session_id: body.text("sessionId"),
            ip: body.text("ip"),
            user_agent: body.text("userAgent"),
        }
    }
}

impl Payload for Interaction {
    fn read(body: &Body<'_>) -> Option<Self> {
        let user = body.object("user").and_then(|user| WebhookUser::read(&user));
        let id = body.text("userId").or_else(|| user.as_ref().map(|user| user.id.clone()));
        Some(Self {
            user_id: id?,
            user,
            kind: body.text("interactionEvent"),
            session_id: body.text("sessionId"),
            application: application(body),
            cimd_client_id: body.text("cimdClientId"),
            ip: body.text("userIp"),
            user_agent: body.text("userAgent"),
            adaptive_mfa_result: body.value("adaptiveMfaResult"),
        })
    }
}

impl Payload for UserChange {
    fn read(body: &Body<'_>) -> Option<Self> {
        let origin = Origin::read(body);
        // `data` of these is what users write themselves.
        let route = origin.matched_route.as_deref().unwrap_or_default();
        let is_part = route.ends_with("/custom-data") || route.ends_with("/profile");
        let user = (!is_part)
            .then(|| body.object("data"))
            .flatten()
            .and_then(|user| WebhookUser::read(&user));
        let user_id = origin.params.get("userId").cloned();
        Some(Self {
            user_id: user_id.or_else(|| user.as_ref().map(|user| user.id.clone()))?,
            user,
            data: body.value("data"),
            origin,
        })
    }
}

impl Payload for Change {
    fn read(body: &Body<'_>) -> Option<Self> {
        let origin = Origin::read(body);
        let id = body
            .text("roleId")
            .or_else(|| body.text("organizationRoleId"))
            .or_else(|| origin.params.get("scopeId").cloned())
            .or_else(|| body.object("data")?.text("id"))
            .or_else(|| origin.params.get("id").cloned());
        Some(Self { id: id?, data: body.value("data"), origin })
    }
}

impl Payload for MembershipChange {
    fn read(body: &Body<'_>) -> Option<Self> {
        Some(Self {
            organization_id: body.text("organizationId")?,
            added_user_ids: body.texts("addedUserIds"),
            removed_user_ids: body.texts("removedUserIds"),
            added_application_ids: body.texts("addedApplicationIds"),
            removed_application_ids: body.texts("removedApplicationIds"),
            origin: Origin::read(body),
        })
    }
}

impl Payload for Lockout {
    fn read(body: &Body<'_>) -> Option<Self> {
        let (kind, value) = (body.text("type")?, body.text("value")?);
        Some(Self { kind, value, origin: Origin::read(body) })
    }
}

impl Payload for RateLimit {
    fn read(body: &Body<'_>) -> Option<Self> {
        let (action, recipient) = (body.text("action")?, body.text("recipient"));
        Some(Self { action, recipient, origin: Origin::read(body) })
    }
}

impl Payload for GrantLimit {
    fn read(body: &Body<'_>) -> Option<Self> {
        Some(Self {
            user_id: body.text("userId")?,
            application_id: body.text("applicationId"),
            revoked_grant_ids: body.texts("revokedGrantIds"),
            max_allowed_grants: body.number("maxAllowedGrants"),
            origin: Origin::read(body),
        })
    }
}
