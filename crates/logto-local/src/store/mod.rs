//! Everything the tenant remembers, and the rules about what is still alive.

use std::collections::{HashMap, HashSet};

use aws_lc_rs::error::Unspecified;
use url::Url;

use crate::apps::App;
use crate::directory::Directory;
use crate::keys::KeyRing;
use crate::people::Person;
use crate::random;
use crate::routes::authorize::AuthRequest;
use crate::subjects::Subjects;
use crate::vault::Vault;

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
    pub(crate) people: Vec<Person>,
    pub(crate) directory: Directory,
    pub(crate) accounts: HashMap<String, Account>,
    pub(crate) suspended: HashSet<String>,
    pub(crate) vault: Vault,
    pub(crate) subjects: Subjects,
    /// By the value of the `_session` cookie.
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) interactions: HashMap<String, Interaction>,
    pub(crate) social: HashMap<String, SocialLeg>,
    pub(crate) grants: HashMap<String, Grant>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) access_tokens: HashMap<String, AccessToken>,
    pub(crate) refresh_tokens: HashMap<String, RefreshToken>,
}

/// Somebody is a user since they first signed in, or since an administrator created them.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) created_ms: u64,
    pub(crate) updated_ms: u64,
    pub(crate) signed_in_ms: Option<u64>,
    pub(crate) user_name: Option<String>,
    pub(crate) has_password: bool,
    /// The app that they first came from.
    pub(crate) app_id: Option<String>,
}

/// One browser that is signed in to the tenant, or is about to sign out.
#[derive(Clone, Default)]
pub(crate) struct Session {
    pub(crate) uid: String,
    pub(crate) person: Option<String>,
    pub(crate) signed_in_at: u64,
    pub(crate) expires: u64,
    /// By app id.
    pub(crate) authorizations: HashMap<String, Authorization>,
    pub(crate) logout: Option<Logout>,
}

/// An app that was authorized within a session.
#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) sid: String,
    pub(crate) grant_id: String,
    /// Set by `offline_access`: tokens survive the end of the session.
    pub(crate) persists_logout: bool,
}

/// A sign-out that waits for its form to be submitted.
#[derive(Clone)]
pub(crate) struct Logout {
    pub(crate) xsrf: String,
    pub(crate) then: Option<Url>,
}

/// A sign-in in progress: what was asked and how far the user has come.
#[derive(Clone)]
pub(crate) struct Interaction {
    pub(crate) request: AuthRequest,
    pub(crate) progress: Progress,
    pub(crate) signed_in_as: Option<String>,
    /// Somebody new, who has to choose a user name first.
    pub(crate) newcomer: Option<String>,
    /// Shown once on the sign-in page.
    pub(crate) notice: Option<&'static str>,
    pub(crate) expires: u64,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Progress {
    pub(crate) signed_in: bool,
    pub(crate) consented: bool,
}

/// One trip to Hugging Face, by its `state`.
pub(crate) struct SocialLeg {
    pub(crate) connector: String,
    pub(crate) code: String,
    /// What Hugging Face gives for the code.
    pub(crate) token: String,
    pub(crate) person: Option<String>,
    pub(crate) expires: u64,
}

/// What a person allowed an app; revoking it kills every token issued from it.
pub(crate) struct Grant {
    pub(crate) person: String,
    pub(crate) scopes: HashSet<String>,
    pub(crate) expires: u64,
}

/// What codes and tokens of one authorization have in common.
#[derive(Clone)]
pub(crate) struct Ticket {
    pub(crate) app_id: String,
    pub(crate) person: String,
    pub(crate) grant_id: String,
    /// There is none of an exchanged token.
    pub(crate) session_uid: Option<String>,
    /// Present if the app asked for it with its back-channel logout URI.
    pub(crate) sid: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) auth_time: Option<u64>,
}

impl Ticket {
    pub(crate) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }
}

pub(crate) struct Code {
    pub(crate) ticket: Ticket,
    pub(crate) challenge: Option<String>,
    pub(crate) redirect_uri: String,
    pub(crate) expires: u64,
    pub(crate) used: bool,
}

pub(crate) struct AccessToken {
    pub(crate) ticket: Ticket,
    pub(crate) scopes: Vec<String>,
    pub(crate) issued: u64,
    pub(crate) expires: u64,
}

#[derive(Clone)]
pub(crate) struct RefreshToken {
    pub(crate) ticket: Ticket,
    pub(crate) issued: u64,
    pub(crate) expires: u64,
    pub(crate) consumed_ms: Option<u64>,
}

impl Store {
    pub(crate) fn new(
        keys: KeyRing,
        apps: Vec<App>,
        people: Vec<Person>,
        directory: Directory,
    ) -> Self {
        Self {
            access_token_life: ACCESS_TOKEN_LIFE,
            keys,
            apps,
            people,
            directory,
            accounts: HashMap::new(),
            suspended: HashSet::new(),
            vault: Vault::default(),
            subjects: Subjects::default(),
            sessions: HashMap::new(),
            interactions: HashMap::new(),
            social: HashMap::new(),
            grants: HashMap::new(),
            codes: HashMap::new(),
            access_tokens: HashMap::new(),
            refresh_tokens: HashMap::new(),
        }
    }

    pub(crate) fn app(&self, id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    pub(crate) fn person(&self, handle: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.handle() == handle)
    }

    /// The session of a cookie, if somebody is signed in and it has not expired.
    pub(crate) fn live_session(&self, cookie: &str, now: u64) -> Option<&Session> {
        self.sessions
            .get(cookie)
            .filter(|session| session.person.is_some() && session.expires > now)
    }

    pub(crate) fn interaction(&self, uid: &str, now: u64) -> Option<&Interaction> {
        self.interactions
            .get(uid)
            .filter(|interaction| interaction.expires > now)
    }

    /// Whether tokens of this authorization are still honoured.
    pub(crate) fn is_honoured(&self, ticket: &Ticket, now: u64) -> bool {
        let granted = self
            .grants
            .get(&ticket.grant_id)
            .is_some_and(|grant| grant.expires > now);
        let session_lives = |uid: &String| {
            let mut sessions = self.sessions.values();
            sessions.any(|session| session.uid == *uid && session.expires > now)
        };
        let session = ticket.session_uid.as_ref();
        granted && (ticket.has("offline_access") || session.is_none_or(session_lives))
    }

    pub(crate) fn access_token(&self, token: &str, now: u64) -> Option<&AccessToken> {
        let found = self.access_tokens.get(token)?;
        (found.expires > now && self.is_honoured(&found.ticket, now)).then_some(found)
    }

    pub(crate) fn refresh_token(&self, token: &str, now: u64) -> Option<&RefreshToken> {
        let found = self.refresh_tokens.get(token)?;
        (found.expires > now && self.is_honoured(&found.ticket, now)).then_some(found)
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

    pub(crate) fn revoke_grants_of(&mut self, person: &str) {
        self.grants.retain(|_, grant| grant.person != person);
    }

    /// Sessions and tokens of somebody die.
    pub(crate) fn end_everything_of(&mut self, person: &str) {
        self.revoke_grants_of(person);
        self.sessions
            .retain(|_, session| session.person.as_deref() != Some(person));
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
        let Some(person) = session.person.clone() else {
            return Ok(None);
        };
        let (sid, fresh_grant) = (random::token()?, random::token()?);
        let authorization = session
            .authorizations
            .entry(app_id.to_owned())
            .or_insert_with(|| Authorization {
                sid,
                grant_id: fresh_grant.clone(),
                persists_logout: false,
            });
        if !self.grants.contains_key(&authorization.grant_id) {
            authorization.grant_id = fresh_grant;
        }
        authorization.persists_logout |= scopes.iter().any(|scope| scope == "offline_access");
        let empty = Grant {
            person,
            scopes: HashSet::new(),
            expires: now + GRANT_LIFE,
        };
        let grant = self
            .grants
            .entry(authorization.grant_id.clone())
            .or_insert(empty);
        grant.scopes.extend(scopes.iter().cloned());
        Ok(Some(authorization.clone()))
    }

    /// Whether the person of this session already allowed all of `scopes` to the app.
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
        for authorization in session
            .authorizations
            .values()
            .filter(|one| !one.persists_logout)
        {
            self.grants.remove(&authorization.grant_id);
        }
        Some(session)
    }
}
