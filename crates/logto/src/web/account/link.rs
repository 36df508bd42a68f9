//! Linking an account elsewhere, and renewing its token, on demand.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::Account;
use super::profile::ACCOUNT;
use crate::config::scope;
use crate::cookies::{self, Attributes};
use crate::crypto::encoding;
use crate::crypto::seal::{KeyRing, Purpose};
use crate::error::{AccountProblem, Error, ErrorKind};
use crate::http::{Endpoint, Verb};
use crate::web::Reply;
use crate::web::page::{NextAction, Page};

/// Seconds until a verification record of Logto ends.
const LIFETIME: u64 = 600;
const SOCIAL: [&str; 2] = ["verifications", "social"];
/// What the seal of a `state` is bound to; no cookie can have this name.
const STATE: &str = "link_state=";

/// What is remembered of a user on their way to another service and back.
#[derive(Deserialize, Serialize)]
struct Trip {
    /// The user's id.
    sub: String,
    state: String,
    /// The verification record of the trip.
    record: String,
    target: String,
    redirect_uri: String,
    /// That of the user, if there was one.
    verification: Option<String>,
    expires_at: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begun {
    verification_record_id: String,
    authorization_uri: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SignInPage {
    social_connectors: Vec<SocialConnector>,
}

#[derive(Deserialize)]
struct SocialConnector {
    id: String,
    target: String,
}

impl Account {
    /// Sends the user to the service of a social connector, by its target, for example `github`,
    /// to link their account there, or to renew the token that Logto keeps of it. They come
    /// back to `callback`, a path of this app, whose handler calls
    /// [`finish_link`](Self::finish_link).
    ///
    /// It needs the scope `identities`, the connector's button on the sign-in page, and the address
    /// of `callback` among the redirect URIs that are registered at the service. A new link
    /// needs a [verification](Self::with_verification) too; a new token of an account that is
    /// linked does not.
    ///
    /// `target` is your own choice, not the visitor's: one without a button is
    /// [`ErrorKind::NotConfigured`].
    ///
    /// The answer is a redirect with a cookie. Call it for a form of your own page
    /// ([`require_own_page`](crate::web::Context::require_own_page)).
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch); [`ErrorKind::NotConfigured`] if the configuration does not
    /// have the scope, or the sign-in page does not have the connector.
    ///
    /// # Example
    ///
    /// ```
    /// use logto::web::{Reply, User};
    ///
    /// // POST /link/github
    /// async fn link(user: User) -> Result<Reply, Reply> {
    ///     user.context().require_own_page()?;
    ///     Ok(user.account().begin_link("github", "/linked").await?)
    /// }
    ///
    /// // GET /linked
    /// async fn linked(user: User) -> Result<Reply, Reply> {
    ///     Ok(user.account().finish_link("/profile").await?)
    /// }
    /// ```
    pub async fn begin_link(&self, target: &str, callback: &str) -> Result<Reply, Error> {
        self.needs_scope(scope::IDENTITIES, "linked accounts")?;
        let connector = self.connector_id(target).await.map_err(|error| self.failed(error))?;
        let state = self.new_state().map_err(|error| self.failed(error))?;
        let redirect_uri = self.context.url(callback);
        let body = json!({
            "connectorId": connector, "state": state, "redirectUri": redirect_uri,
        });
        let begun: Begun = self.ask(Verb::Post, &SOCIAL, Some(&body)).await?;
        let trip = Trip {
            sub: self.sub().await?,
            state,
            record: begun.verification_record_id,
            target: target.to_owned(),
            redirect_uri,
            verification: self.verification.as_ref().map(|one| one.id().to_owned()),
            expires_at: self.context.now().saturating_add(LIFETIME),
        };
        let cookie = self.remember(&trip).map_err(|error| self.failed(error))?;
        Ok(Reply::see_other(begun.authorization_uri).with_cookies(vec![cookie]))
    }

    /// Links the account that the user comes back from, or renews its token if it is linked, and
    /// leads on to `page`, a path of this app.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidCallback`] if this browser and user did not begin it, or it took more
    /// than ten minutes; [`ErrorKind::Cancelled`] if the service says that the user declined;
    /// as [`fetch`](Self::fetch), and
    /// [`VerificationRequired`](crate::AccountProblem::VerificationRequired),
    /// [`IdentityInUse`](crate::AccountProblem::IdentityInUse) if the account is linked to another
    /// user, [`OtherIdentity`](crate::AccountProblem::OtherIdentity) if another account of
    /// the service is linked, [`TokenNotKept`](crate::AccountProblem::TokenNotKept).
    ///
    /// # Example
    ///
    /// ```
    /// use logto::ErrorKind;
    /// use logto::web::{Reply, User};
    ///
    /// // GET /linked
    /// async fn linked(user: User) -> Result<Reply, Reply> {
    ///     match user.account().finish_link("/settings").await {
    ///         Err(error) if error.kind() == ErrorKind::Cancelled => {
    ///             println!("{} did not link the account", user.sub());
    ///             Err(error.into())
    ///         }
    ///         outcome => Ok(outcome?),
    ///     }
    /// }
    /// ```
    pub async fn finish_link(&self, page: &str) -> Result<Reply, Error> {
        self.link(page).await.map_err(|error| self.not_linked(error, page))
    }

    async fn link(&self, page: &str) -> Result<Reply, Error> {
        let query = form_urlencoded::parse(self.context.request().query().as_bytes());
        let mut query: Map<String, Value> =
            query.map(|(name, value)| (name.into_owned(), value.into())).collect();
        let trip = self.trip().await?;
        let trip = trip.filter(|trip| query.get("state") == Some(&trip.state.as_str().into()));
        let trip = trip.ok_or_else(|| {
            let why = "this browser and user did not begin to link an account, or long ago";
            self.failed(Error::new(ErrorKind::InvalidCallback, why))
        })?;
        if query.contains_key("error") {
            let why = "the service did not say whose account it is";
            return Err(self.failed(Error::new(ErrorKind::Cancelled, why)));
        }
        query.insert("redirectUri".to_owned(), trip.redirect_uri.into());
        let body = json!({ "verificationRecordId": trip.record, "connectorData": query });
        let verify = [SOCIAL.as_slice(), &["verify"]].concat();
        self.call(Verb::Post, &verify, None, Some(&body)).await?;

        let account = match trip.verification {
            Some(id) => self.clone().with_verification(super::Verification::from_id(id)),
            None => self.clone(),
        };
        if account.fetch().await?.identities.contains_key(&trip.target) {
            let body = json!({ "verificationRecordId": trip.record });
            let path = [ACCOUNT, "identities", &trip.target, "access-token"];
            account.call(Verb::Put, &path, None, Some(&body)).await?;
        } else {
            let body = json!({ "newIdentifierVerificationRecordId": trip.record });
            account.call(Verb::Post, &[ACCOUNT, "identities"], None, Some(&body)).await?;
        }
        let (attributes, name) = self.link_cookie();
        let page = self.context.url(page);
        Ok(Reply::see_other(page).with_cookies(vec![attributes.remove(&name)]))
    }

    /// The same error, with a page about the link: the user is signed in all the same.
    fn not_linked(&self, error: Error, page: &str) -> Error {
        let is_expected = matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::InvalidCallback)
            || error.account_problem().is_some_and(|problem| {
                problem.is_user_error() && problem != AccountProblem::VerificationRequired
            });
        let request = self.context.request();
        if !is_expected || !(request.is_navigation() || request.accepts_html()) {
            return error;
        }
        let page = Page {
            title: "The account was not linked",
            text: "You are still signed in. You declined, it took too long, it was done already, or this \
                   account cannot be linked.",
            detail: None,
            next_action: NextAction::link(self.context.url(page), "Continue"),
        };
        error.answered_by(self.context.page(400, &page).with_header("vary", "Cookie"))
    }

    /// Whether a `state` is that of a link that this app began, for any browser.
    pub(crate) fn is_link_state(keys: &KeyRing, state: &str) -> bool {
        keys.open(Purpose::SignIn, STATE, state).is_some()
    }

    /// A random one. It is sealed to be recognized without the cookie.
    fn new_state(&self) -> Result<String, Error> {
        let random = encoding::random::<16>()?;
        self.context.engine().keys.seal(Purpose::SignIn, STATE, random.to_vec())
    }

    /// The id of the connector behind a button of the sign-in page.
    async fn connector_id(&self, target: &str) -> Result<String, Error> {
        let engine = self.context.engine();
        let mut url = engine.settings.endpoint.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", ".well-known", "sign-in-exp"]);
        }
        let answer = engine.http.get(Endpoint::Account, &url, None).await?;
        let page: SignInPage = serde_json::from_slice(&answer).map_err(|error| {
            Error::malformed(ErrorKind::InvalidResponse, "the sign-in experience", &error)
        })?;
        let found = page.social_connectors.into_iter().find(|one| one.target == target);
        found.map(|connector| connector.id).ok_or_else(|| {
            let why = format!("no connector with the target {target:?} is on the sign-in page");
            Error::new(ErrorKind::NotConfigured, why)
        })
    }

    async fn sub(&self) -> Result<String, Error> {
        let signed_in = self.context.signed_in().await.map_err(|error| self.failed(error))?;
        Ok(signed_in.session.grant.shown().sub().to_owned())
    }

    fn remember(&self, trip: &Trip) -> Result<String, Error> {
        let (attributes, name) = self.link_cookie();
        let text = serde_json::to_vec(trip).map_err(|error| {
            Error::malformed(ErrorKind::Internal, "what is remembered of a link", &error)
        })?;
        let sealed = self.context.engine().keys.seal(Purpose::SignIn, &name, text)?;
        Ok(attributes.set(&name, &sealed, LIFETIME))
    }

    /// What this browser remembers, if it is about this user and not too old.
    async fn trip(&self) -> Result<Option<Trip>, Error> {
        let (_, name) = self.link_cookie();
        let (sub, now) = (self.sub().await?, self.context.now());
        let keys = &self.context.engine().keys;
        let mut values = cookies::values(self.context.request().raw_cookies(), &name);
        Ok(values.find_map(|sealed| {
            let text = keys.open(Purpose::SignIn, &name, sealed)?;
            let trip: Trip = serde_json::from_slice(&text).ok()?;
            (trip.sub == sub && trip.expires_at > now).then_some(trip)
        }))
    }

    fn link_cookie(&self) -> (Attributes, String) {
        let settings = &self.context.engine().settings;
        let attributes = Attributes::for_host(settings.secure);
        let name = attributes.name(&format!("{}_link", settings.cookie_name));
        (attributes, name)
    }
}
