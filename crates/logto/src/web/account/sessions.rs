//! A user's sessions at Logto, and what they allowed apps there.

use serde::Deserialize;

use super::Account;
use super::profile::ACCOUNT;
use crate::config::scope;
use crate::error::Error;
use crate::http::Verb;
use crate::session::Device;

/// A browser in which a user is signed in at Logto. Sessions of apps are others: see
/// [`User::sessions`](crate::web::User::sessions).
///
/// # Example
///
/// ```
/// use logto::web::Account;
///
/// /// One line for each browser. The account has a verification.
/// async fn browsers(account: &Account) -> Result<Vec<String>, logto::Error> {
///     let sessions = account.sessions().await?;
///     let name = |text: Option<&'static str>| text.unwrap_or("unknown");
///     let mark = |is_current| if is_current { ", this one" } else { "" };
///     let line = sessions.iter().map(|it| {
///         format!("{} on {}{}", name(it.browser), name(it.platform), mark(it.is_current))
///     });
///     Ok(line.collect())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogtoSession {
    /// The id, for [`Account::end_session`].
    pub id: String,
    /// Whether the app's own session came from it.
    pub is_current: bool,
    /// When the user signed in, in seconds since the Unix epoch.
    pub signed_in_at: u64,
    /// When it ends, in seconds since the Unix epoch.
    pub expires_at: u64,
    /// The browser, as its user agent names it.
    pub browser: Option<&'static str>,
    /// The device, as its user agent names it.
    pub platform: Option<&'static str>,
    /// The network address of the last sign-in.
    pub ip: Option<String>,
}

/// What a user allowed an app at Logto.
///
/// # Example
///
/// ```
/// use logto::web::Account;
///
/// /// Takes back what the user allowed one app. The account has a verification.
/// async fn revoke(account: &Account, app_id: &str) -> Result<(), logto::Error> {
///     for grant in account.grants().await?.iter().filter(|grant| grant.app_id == app_id) {
///         println!("{} could use {:?}", grant.app_name, grant.scopes);
///         account.revoke_grant(&grant.id).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogtoGrant {
    /// The id, for [`Account::revoke_grant`].
    pub id: String,
    /// The app's client id.
    pub app_id: String,
    /// The app's name.
    pub app_name: String,
    /// The scopes that are not of an API.
    pub scopes: Vec<String>,
    /// When it was given, in seconds since the Unix epoch.
    pub granted_at: u64,
    /// When it ends, in seconds since the Unix epoch.
    pub expires_at: u64,
}

/// What becomes of the tokens of a session at Logto that ends.
///
/// # Example
///
/// ```
/// use logto::web::{Account, RevokeGrants};
///
/// async fn sign_out_elsewhere(account: &Account) -> Result<(), logto::Error> {
///     for session in account.sessions().await?.iter().filter(|session| !session.is_current) {
///         account.end_session(&session.id, RevokeGrants::FirstParty).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevokeGrants {
    /// They live on: apps stay signed in until their own sessions end.
    #[default]
    No,
    /// Those of the tenant's own apps end: their sessions end at the next refresh.
    FirstParty,
    /// All end.
    All,
}

#[derive(Deserialize)]
struct Sessions {
    sessions: Vec<SessionBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionBody {
    payload: SessionPayload,
    last_submission: Option<Submission>,
    #[serde(default)]
    is_current: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SessionPayload {
    uid: String,
    exp: u64,
    login_ts: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Submission {
    sign_in_context: Option<SignInContext>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignInContext {
    ip: Option<String>,
    user_agent: Option<String>,
}

#[derive(Deserialize)]
struct Grants {
    grants: Vec<GrantBody>,
}

#[derive(Deserialize)]
struct GrantBody {
    id: String,
    payload: GrantPayload,
    application: Application,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GrantPayload {
    exp: u64,
    iat: u64,
    client_id: String,
    openid: Option<OpenId>,
}

#[derive(Deserialize)]
struct OpenId {
    scope: Option<String>,
}

#[derive(Deserialize)]
struct Application {
    name: String,
}

impl From<SessionBody> for LogtoSession {
    fn from(body: SessionBody) -> Self {
        let context = body.last_submission.unwrap_or_default().sign_in_context.unwrap_or_default();
        let user_agent = context.user_agent.unwrap_or_default();
        let device = Device::from_user_agent(&user_agent);
        Self {
            id: body.payload.uid,
            is_current: body.is_current,
            signed_in_at: body.payload.login_ts,
            expires_at: body.payload.exp,
            browser: device.browser(),
            platform: device.platform(),
            ip: context.ip,
        }
    }
}

impl From<GrantBody> for LogtoGrant {
    fn from(body: GrantBody) -> Self {
        let scope = body.payload.openid.and_then(|openid| openid.scope).unwrap_or_default();
        Self {
            id: body.id,
            app_id: body.payload.client_id,
            app_name: body.application.name,
            scopes: scope.split_ascii_whitespace().map(str::to_owned).collect(),
            granted_at: body.payload.iat,
            expires_at: body.payload.exp,
        }
    }
}

impl Account {
    /// The browsers in which the user is signed in at Logto. It needs the scope
    /// `urn:logto:scope:sessions` and a [verification](Self::with_verification), as the other calls
    /// here.
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch), and
    /// [`VerificationRequired`](crate::AccountProblem::VerificationRequired),
    /// [`FieldNotEnabled`](crate::AccountProblem::FieldNotEnabled);
    /// [`ErrorKind::NotConfigured`](crate::ErrorKind::NotConfigured) if the configuration does
    /// not have the scope.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{LogtoSession, User};
    ///
    /// /// For a page that asks for the password before it shows where the user is signed in.
    /// async fn browsers(user: &User, password: &str) -> Result<Vec<LogtoSession>, logto::Error> {
    ///     let account = user.account();
    ///     let verification = account.verify_password(password).await?;
    ///     account.with_verification(verification).sessions().await
    /// }
    /// ```
    pub async fn sessions(&self) -> Result<Vec<LogtoSession>, Error> {
        self.needs_scope(scope::SESSIONS, "sessions at Logto")?;
        let answer: Sessions = self.ask(Verb::Get, &[ACCOUNT, "sessions"], None::<&()>).await?;
        Ok(answer.sessions.into_iter().map(LogtoSession::from).collect())
    }

    /// Ends a session at Logto. Sessions of this and other apps that came from it end only with
    /// their grants.
    ///
    /// # Errors
    ///
    /// As [`sessions`](Self::sessions), and
    /// [`SessionNotFound`](crate::AccountProblem::SessionNotFound).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::AccountProblem;
    /// use logto::web::{Account, RevokeGrants};
    ///
    /// /// Behind the button “Sign out there”. It may have ended already.
    /// async fn sign_out_there(account: &Account, id: &str) -> Result<(), logto::Error> {
    ///     match account.end_session(id, RevokeGrants::All).await {
    ///         Err(error) if error.account_problem() == Some(AccountProblem::SessionNotFound) => Ok(()),
    ///         outcome => outcome,
    ///     }
    /// }
    /// ```
    pub async fn end_session(&self, id: &str, grants: RevokeGrants) -> Result<(), Error> {
        self.needs_scope(scope::SESSIONS, "sessions at Logto")?;
        let target = match grants {
            RevokeGrants::No => None,
            RevokeGrants::FirstParty => Some(("revokeGrantsTarget", "firstParty")),
            RevokeGrants::All => Some(("revokeGrantsTarget", "all")),
        };
        let path = [ACCOUNT, "sessions", id];
        self.call(Verb::Delete, &path, target, None::<&()>).await.map(drop)
    }

    /// What the user allowed apps.
    ///
    /// # Errors
    ///
    /// As [`sessions`](Self::sessions).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::Account;
    ///
    /// /// The apps that the user has allowed something, each once. The account has a verification.
    /// async fn apps(account: &Account) -> Result<Vec<String>, logto::Error> {
    ///     let mut names: Vec<_> = account.grants().await?.into_iter().map(|it| it.app_name).collect();
    ///     names.sort_unstable();
    ///     names.dedup();
    ///     Ok(names)
    /// }
    /// ```
    pub async fn grants(&self) -> Result<Vec<LogtoGrant>, Error> {
        self.needs_scope(scope::SESSIONS, "grants at Logto")?;
        let answer: Grants = self.ask(Verb::Get, &[ACCOUNT, "grants"], None::<&()>).await?;
        Ok(answer.grants.into_iter().map(LogtoGrant::from).collect())
    }

    /// Takes back what the user allowed an app. Its tokens end at once, and the session at Logto
    /// that it came from ends too.
    ///
    /// # Errors
    ///
    /// As [`sessions`](Self::sessions), and
    /// [`GrantNotFound`](crate::AccountProblem::GrantNotFound).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::AccountProblem;
    /// use logto::web::Account;
    ///
    /// /// Behind the button “Remove this app”.
    /// async fn remove(account: &Account, grant_id: &str) -> Result<&'static str, logto::Error> {
    ///     match account.revoke_grant(grant_id).await {
    ///         Ok(()) => Ok("The app has no access any more."),
    ///         Err(error) if error.account_problem() == Some(AccountProblem::GrantNotFound) => {
    ///             Ok("The app had no access any more.")
    ///         }
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    pub async fn revoke_grant(&self, id: &str) -> Result<(), Error> {
        self.needs_scope(scope::SESSIONS, "grants at Logto")?;
        let path = [ACCOUNT, "grants", id];
        self.call(Verb::Delete, &path, None, None::<&()>).await.map(drop)
    }
}
