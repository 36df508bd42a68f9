//! Everything the tenant remembers, and the rules about what is still alive.

mod account;
mod documents;
mod records;

use std::collections::{HashMap, HashSet};

use aws_lc_rs::error::Unspecified;
use serde_json::Value;

use crate::apps::{App, AppKind};
use crate::directory::{Directory, Row, text};
use crate::keys::KeyRing;
use crate::random;
use crate::subjects::Subjects;
use crate::users::{Membership, TestUser};
use crate::vault::Vault;
pub(crate) use account::{Linked, Verification};
use documents::Documents;
pub(crate) use records::{
    AccessToken, Account, Authorization, Authorized, Code, DeviceCode, DeviceState, Grant,
    Interaction, Logout, Progress, RefreshToken, Session, SocialLeg,
};

pub(crate) const CODE_LIFE: u64 = 60;
const ACCESS_TOKEN_LIFE: u64 = 3600;
pub(crate) const ID_TOKEN_LIFE: u64 = 3600;
pub(crate) const REFRESH_TOKEN_LIFE: u64 = 14 * DAY;
/// A rotated refresh token stays usable this long.
pub(crate) const REUSE_WINDOW_MS: u64 = 3000;
pub(crate) const SESSION_LIFE: u64 = 14 * DAY;
pub(crate) const INTERACTION_LIFE: u64 = 3600;
/// However often a refresh token rotates, its grant ends.
pub(crate) const GRANT_LIFE: u64 = 180 * DAY;
const DAY: u64 = 24 * 3600;

pub(crate) struct Store {
    /// Seconds that access tokens live from now on.
    pub(crate) access_token_life: u64,
    pub(crate) keys: KeyRing,
    pub(crate) apps: Vec<App>,
    pub(crate) users: Vec<TestUser>,
    pub(crate) directory: Directory,
    pub(crate) documents: Documents,
    pub(crate) accounts: HashMap<String, Account>,
    pub(crate) suspended: HashSet<String>,
    pub(crate) vault: Vault,
    pub(crate) subjects: Subjects,
    /// By id.
    pub(crate) verifications: HashMap<String, Verification>,
    /// Whom an account at Hugging Face signs in, if that is another than its own user.
    pub(crate) links: HashMap<String, String>,
    /// Who gave up the account at Hugging Face of their own name.
    pub(crate) unlinked: HashSet<String>,
    /// By the value of the `_session` cookie.
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) interactions: HashMap<String, Interaction>,
    pub(crate) social: HashMap<String, SocialLeg>,
    pub(crate) grants: HashMap<String, Grant>,
    pub(crate) codes: HashMap<String, Code>,
    /// By device code.
    pub(crate) devices: HashMap<String, DeviceCode>,
    /// What the pages of the device flow come back with.
    pub(crate) device_pages: HashSet<String>,
    pub(crate) access_tokens: HashMap<String, AccessToken>,
    pub(crate) refresh_tokens: HashMap<String, RefreshToken>,
    /// What became of deliveries, oldest first, as the Management API shows it.
    pub(crate) hook_logs: Vec<Row>,
}

impl Store {
    pub(crate) fn new(
        keys: KeyRing,
        apps: Vec<App>,
        users: Vec<TestUser>,
        directory: Directory,
    ) -> Self {
        Self {
            access_token_life: ACCESS_TOKEN_LIFE,
            keys,
            apps,
            users,
            directory,
            documents: Documents::default(),
            accounts: HashMap::new(),
            suspended: HashSet::new(),
            vault: Vault::default(),
            subjects: Subjects::default(),
            verifications: HashMap::new(),
            links: HashMap::new(),
            unlinked: HashSet::new(),
            sessions: HashMap::new(),
            interactions: HashMap::new(),
            social: HashMap::new(),
            grants: HashMap::new(),
            codes: HashMap::new(),
            devices: HashMap::new(),
            device_pages: HashSet::new(),
            access_tokens: HashMap::new(),
            refresh_tokens: HashMap::new(),
            hook_logs: Vec::new(),
        }
    }

    pub(crate) fn app(&self, id: &str) -> Option<&App> {
        let is_known = |app: &&App| app.kind != AppKind::Document || self.documents.enabled;
        self.apps.iter().find(|app| app.id == id).filter(is_known)
    }

    pub(crate) fn user(&self, handle: &str) -> Option<&TestUser> {
        self.users.iter().find(|user| user.handle() == handle)
    }

    /// A new membership, without a role; `None` if there is no such organization.
    pub(crate) fn membership_in(&self, organization: &str) -> Option<Membership> {
        let known = self.directory.organizations.get(organization)?;
        let description = known.get("description").and_then(Value::as_str);
        Some(Membership {
            id: organization.to_owned(),
            name: text(known, "name").to_owned(),
            description: description.map(str::to_owned),
            role: String::new(),
        })
    }

    /// The first sign-in of a user makes their account, with the roles that everyone new gets.
    pub(crate) fn open_account(&mut self, handle: &str, account: Account) -> &mut Account {
        if !self.accounts.contains_key(handle) {
            let roles = self.directory.roles.rows();
            let by_default = roles.filter(|role| {
                text(role, "type") == "User" && role.get("isDefault") == Some(&Value::Bool(true))
            });
            let users = &mut self.users;
            for role in by_default {
                for user in users.iter_mut().filter(|user| user.handle() == handle) {
                    user.add_role(text(role, "name"));
                }
            }
        }
        let password = self.user(handle).and_then(|user| user.password().map(str::to_owned));
        let account = Account { has_password: password.is_some(), password, ..account };
        self.accounts.entry(handle.to_owned()).or_insert(account)
    }

    /// The session of a cookie, if it has one and it has not expired.
    pub(crate) fn live_session(&self, cookie: &str, now: u64) -> Option<&Session> {
        self.sessions.get(cookie).filter(|session| session.user.is_some() && session.expires > now)
    }

    pub(crate) fn interaction(&self, uid: &str, now: u64) -> Option<&Interaction> {
        self.interactions.get(uid).filter(|interaction| interaction.expires > now)
    }

    /// Whether tokens of this authorization are still honoured.
    pub(crate) fn is_honoured(&self, authorized: &Authorized, now: u64) -> bool {
        let granted =
            self.grants.get(&authorized.grant_id).is_some_and(|grant| grant.expires > now);
        let session_lives = |uid: &String| {
            let mut sessions = self.sessions.values();
            sessions.any(|session| session.uid == *uid && session.expires > now)
        };
        let session = authorized.session_uid.as_ref();
        granted && (authorized.has("offline_access") || session.is_none_or(session_lives))
    }

    pub(crate) fn access_token(&self, token: &str, now: u64) -> Option<&AccessToken> {
        let found = self.access_tokens.get(token)?;
        (found.expires > now && self.is_honoured(&found.authorized, now)).then_some(found)
    }

    pub(crate) fn refresh_token(&self, token: &str, now: u64) -> Option<&RefreshToken> {
        let found = self.refresh_tokens.get(token)?;
        (found.expires > now && self.is_honoured(&found.authorized, now)).then_some(found)
    }

    pub(crate) fn age_refresh_tokens(&mut self, by: u64) {
        for token in self.refresh_tokens.values_mut() {
            token.issued = token.issued.saturating_sub(by);
            token.expires = token.expires.saturating_sub(by);
        }
    }

    pub(crate) fn revoke_grant(&mut self, grant_id: &str) {
        self.grants.remove(grant_id);
    }

    pub(crate) fn revoke_grants_of(&mut self, user: &str) {
        self.grants.retain(|_, grant| grant.user != user);
    }

    /// Sessions and tokens of a user end.
    pub(crate) fn end_everything_of(&mut self, user: &str) {
        self.revoke_grants_of(user);
        self.sessions.retain(|_, session| session.user.as_deref() != Some(user));
    }

    /// The grant of this session and app, extended by `scopes`, created if there is none.
    pub(crate) fn extend_grant(
        &mut self,
        cookie: &str,
        app_id: &str,
        scopes: &[String],
        now: u64,
    ) -> Result<Option<Authorization>, Unspecified> {
        let Some(session) = self.sessions.get_mut(cookie) else {
            return Ok(None);
        };
        let Some(user) = session.user.clone() else {
            return Ok(None);
        };
        let (sid, fresh_grant) = (random::token()?, random::token()?);
        let authorization = session.authorizations.entry(app_id.to_owned()).or_insert_with(|| {
            Authorization { sid, grant_id: fresh_grant.clone(), persists_logout: false }
        });
        if !self.grants.contains_key(&authorization.grant_id) {
            authorization.grant_id = fresh_grant;
        }
        authorization.persists_logout |= scopes.iter().any(|scope| scope == "offline_access");
        let empty = Grant {
            user,
            app_id: app_id.to_owned(),
            scopes: HashSet::new(),
            issued: now,
            expires: now + GRANT_LIFE,
        };
        let grant = self.grants.entry(authorization.grant_id.clone()).or_insert(empty);
        grant.scopes.extend(scopes.iter().cloned());
        Ok(Some(authorization.clone()))
    }

    /// Whether the user of this session already allowed all of `scopes` to the app.
    pub(crate) fn has_granted(
        &self,
        session: &Session,
        app_id: &str,
        scopes: &[String],
        now: u64,
    ) -> bool {
        let authorization = session.authorizations.get(app_id);
        let grant =
            authorization.and_then(|authorization| self.grants.get(&authorization.grant_id));
        grant.is_some_and(|grant| {
            grant.expires > now && scopes.iter().all(|scope| grant.scopes.contains(scope))
        })
    }

    /// Ends a session: what was not granted offline dies with it.
    pub(crate) fn end_session(&mut self, cookie: &str) -> Option<Session> {
        let session = self.sessions.remove(cookie)?;
        for authorization in session.authorizations.values().filter(|one| !one.persists_logout) {
            self.grants.remove(&authorization.grant_id);
        }
        Some(session)
    }
}
