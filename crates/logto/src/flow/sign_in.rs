//! The start of a sign-in: what is asked of Logto, and what the browser keeps of it.

use super::callback_parameters::MAX_PARAMETER;
use super::engine::Engine;
use super::{
    Begun, Browser, ExpectedUser, Freshness, Intent, Resources, SignInOptions, Transaction,
};
use crate::config::{Prompt, scope};
use crate::error::{Error, ErrorKind};
use crate::local_path::local_path;
use crate::oidc::{AuthorizationRequest, Protocol};
use crate::route::Route;

/// The sign-in that a new one takes the place of.
pub(crate) enum Previous<'a> {
    Nothing,
    /// The same sign-in, whose cookie another tab took.
    Displaced,
    /// The same sign-in, which has ended with this one.
    Refused(&'a Transaction),
}

/// A sign-in that has begun.
pub(crate) struct SignInStart {
    /// Logto's page.
    pub(crate) url: String,
    /// The `Set-Cookie` line that binds the sign-in to the browser.
    pub(crate) cookie: String,
}

impl Engine {
    /// Begins a sign-in. `signed_in` is who is signed in, where the sign-in has to be recent: what
    /// one user had begun is not for another to go on with.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the options cannot be sent, [`ErrorKind::Unreachable`] if
    /// Logto was never reached and is not now.
    pub(crate) async fn start_sign_in(
        &self,
        browser: Browser<'_>,
        options: &SignInOptions,
        previous: Previous<'_>,
        signed_in: Option<&str>,
    ) -> Result<SignInStart, Error> {
        options.check()?;
        self.check_expected(options)?;
        let scopes = self.scopes(options)?;
        let return_to = self.return_to(browser.origin, options)?;
        let redirect_path = self.redirect_path(browser.origin, options)?;
        let resources = self.resources(options);
        let metadata = self.provider.metadata().await?;
        let for_apis = resources.iter().any(|name| *name != scope::ORGANIZATIONS_RESOURCE);
        let freshness = options.max_age.map(|max_age| Freshness::new(max_age, signed_in));
        let (parameters, prompt) = (options.all_parameters(), self.prompt(options));
        let for_pages = options.for_pages();
        if !prompt.includes_login() && !for_pages.is_empty() {
            tracing::debug!(
                parameters = ?for_pages,
                "ignored by Logto if the user is signed in there; a prompt with login would show its page"
            );
        }
        let (restarted, replaces) = match previous {
            Previous::Nothing => (false, false),
            Previous::Displaced => (true, false),
            Previous::Refused(refused) => (refused.intent.restarted, true),
        };
        let intent = Intent {
            return_to,
            redirect_path,
            repeat: options.to_query(),
            for_apis,
            restarted,
            freshness,
        };
        let Begun { transaction, state, cookie } =
            self.begin_transaction(browser.cookies, intent, replaces)?;
        let protocol = Protocol::new(&self.settings, &metadata, &self.http)?;
        let url = protocol.authorization_url(AuthorizationRequest {
            state,
            nonce: transaction.nonce(),
            verifier: transaction.verifier(),
            redirect_uri: &self.redirect_uri(browser.origin, &transaction),
            scopes,
            resources,
            prompt,
            parameters: &parameters,
        })?;
        Ok(SignInStart { url: url.into(), cookie })
    }

    /// Begins a transaction whose `state` the callback will read: without the page to return to if
    /// that is what makes it too long.
    fn begin_transaction(
        &self,
        cookies: &str,
        mut intent: Intent,
        replaces: bool,
    ) -> Result<Begun, Error> {
        let now = self.settings.clock.now();
        loop {
            let begun =
                self.transactions.begin(&self.keys, cookies, now, intent.clone(), replaces)?;
            let bytes = begun.state.len();
            if bytes <= MAX_PARAMETER {
                return Ok(begun);
            }
            if intent.return_to.take().is_none() {
                let why = format!(
                    "the options of the sign-in are too long: they take {bytes} bytes of `state`, and the \
                     callback reads {MAX_PARAMETER}"
                );
                return Err(Error::new(ErrorKind::InvalidRequest, why));
            }
        }
    }

    /// The `Set-Cookie` line with which a sign-in has ended.
    pub(crate) fn finish_sign_in(&self, transaction: &Transaction) -> String {
        self.transactions.finish(&self.keys, transaction, self.settings.clock.now())
    }

    /// The scopes of this sign-in. Logto drops `offline_access` silently where the prompt has no
    /// consent, so that has to be asked for by name.
    fn scopes(&self, options: &SignInOptions) -> Result<Vec<&str>, Error> {
        let settings = &self.settings;
        let is_online = options.no_offline_access || options.is_silent;
        let wanted = |name: &&str| *name != scope::OFFLINE_ACCESS || !is_online;
        let scopes: Vec<&str> = settings.scopes.iter().map(String::as_str).filter(wanted).collect();
        let prompt = self.prompt(options);
        if scopes.contains(&scope::OFFLINE_ACCESS) && !prompt.includes_consent() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a prompt without consent would silently lose the refresh token: use \
                 Prompt::LoginConsent, or say without_offline_access() if that is meant",
            ));
        }
        Ok(scopes)
    }

    /// The callback compares the address with the claim of this scope.
    fn check_expected(&self, options: &SignInOptions) -> Result<(), Error> {
        let by_email = matches!(options.expected, Some(ExpectedUser::Email(_)));
        let scopes = &self.settings.scopes;
        if by_email && !scopes.iter().any(|name| name == scope::EMAIL) {
            return Err(Error::new(
                ErrorKind::NotConfigured,
                "a sign-in for an e-mail address needs the scope email: with_scopes(…) or LOGTO_SCOPES",
            ));
        }
        Ok(())
    }

    /// A user who has to authenticate again needs a page for it.
    fn prompt(&self, options: &SignInOptions) -> Prompt {
        match (options.prompt, self.settings.prompt) {
            _ if options.is_silent => Prompt::None,
            (Some(prompt), _) => prompt,
            (None, configured) if options.expected.is_some() => configured.with_login(),
            (None, Prompt::None) if options.max_age.is_some() => Prompt::Login,
            (None, configured) => configured,
        }
    }

    /// Organizations are no API of an app: Logto always knows their resource.
    fn resources(&self, options: &SignInOptions) -> Vec<&str> {
        let unknown = self.unknown_resources.names(self.settings.clock.now());
        let is_left_out = |name: &str| {
            name != scope::ORGANIZATIONS_RESOURCE
                && (options.resources == Resources::None || unknown.iter().any(|it| it == name))
        };
        let all = self.settings.resources.iter().map(String::as_str);
        all.filter(|name| !is_left_out(name)).collect()
    }

    /// The page to show after signing in, if the options name one.
    pub(crate) fn return_to(
        &self,
        origin: &str,
        options: &SignInOptions,
    ) -> Result<Option<String>, Error> {
        let Some(wanted) = &options.post_redirect_uri else {
            return Ok(None);
        };
        if self.settings.is_window(wanted) {
            return Ok(Some(wanted.clone()));
        }
        self.settings.return_to(wanted, origin).map(Some).ok_or_else(|| {
            let why = "the page to show after signing in is not a page of this app";
            Error::new(ErrorKind::InvalidRequest, why)
        })
    }

    fn redirect_path(
        &self,
        origin: &str,
        options: &SignInOptions,
    ) -> Result<Option<String>, Error> {
        let Some(uri) = &options.redirect_uri else {
            return Ok(None);
        };
        let path = uri.strip_prefix(&self.settings.url(origin, "")).unwrap_or(uri);
        match local_path(path) {
            Some(path) if !path.contains('?') => Ok(Some(path.to_owned())),
            _ => Err(Error::new(
                ErrorKind::InvalidRequest,
                "the redirect URI is not an address of this app without a query",
            )),
        }
    }

    /// The redirect URI of a transaction: the same at Logto's sign-in, at the callback and at the
    /// token endpoint.
    pub(super) fn redirect_uri(&self, origin: &str, transaction: &Transaction) -> String {
        let settings = &self.settings;
        match &transaction.intent.redirect_path {
            Some(path) => settings.url(origin, path),
            None => settings.url(origin, &settings.mounted(Route::Callback)),
        }
    }
}
