//! The sign-in endpoints, and sign-in from a handler.

use super::{Context, Reply, Route};
use crate::config::{Prompt, scope};
use crate::error::{Error, ErrorKind};
use crate::flow::{
    Begun, Engine, ExpectedUser, Freshness, Intent, Resources, SignInOptions, Transaction,
};
use crate::local_path::local_path;
use crate::oidc::{AuthorizationRequest, Protocol};

/// What went before a sign-in.
pub(super) enum Before<'a> {
    Nothing,
    /// The same sign-in, whose cookie another tab took.
    Displaced,
    /// The same sign-in, which is over with this one.
    Refused(&'a Transaction),
}

impl Context {
    /// Sends the person to Logto.
    ///
    /// The answer is a redirect, with a cookie that binds the sign-in to this browser. A session
    /// that is there stays until the new one replaces it. In a frame the answer is a page with a link that
    /// opens a window, because Logto cannot be shown in a frame. A prefetch begins no sign-in, and a HEAD
    /// request neither.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the options cannot be sent, [`ErrorKind::Unreachable`] if
    /// Logto was never reached and is not now.
    pub async fn sign_in(&self, options: SignInOptions) -> Result<Reply, Error> {
        if let Some(reply) = self.answer_ahead_of_time() {
            return Ok(reply);
        }
        if self.request().is_framed() {
            // Logto's pages cannot be shown there.
            options.check()?;
            let page = self.return_to(&options)?.unwrap_or_else(|| self.page_to_return_to());
            let address = self.sign_in_path(&page, options.max_age);
            return Ok(self.page_in_frame(200, &page, address, &options));
        }
        self.begin_sign_in(&options, Before::Nothing).await.map_err(|error| {
            tracing::warn!(%error, "a sign-in could not begin");
            self.answered(error)
        })
    }

    /// The sign-in once more, without the API resources that Logto does not know: they must not lock
    /// people out. Without any if that was tried before, or if it cannot be told which they are.
    /// `None` if the sign-in cannot begin.
    pub(super) async fn sign_in_without_unknown(&self, refused: &Transaction) -> Option<Reply> {
        let logto = self.logto();
        let before = refused.intent.options();
        let redirect_uri = self.redirect_uri(refused);
        let resources = match before.resources {
            Resources::All if logto.find_unknown_resources(&redirect_uri).await => Resources::Tried,
            _ => {
                let resources = &logto.settings.resources;
                tracing::error!(
                    ?resources,
                    "Logto does not know one of the API resources; a user signs in without any"
                );
                Resources::None
            }
        };
        let options = SignInOptions { resources, ..before };
        self.begin_sign_in(&options, Before::Refused(refused)).await.ok()
    }

    /// The sign-in once more, because a tab that began one at the same time took its cookie. `None` if
    /// it was a second attempt already, or cannot begin.
    pub(super) async fn sign_in_again(&self, displaced: &Intent) -> Option<Reply> {
        if displaced.restarted || !self.request().is_navigation() {
            return None;
        }
        self.begin_sign_in(&displaced.options(), Before::Displaced).await.ok()
    }

    /// The `Set-Cookie` line with which a sign-in is over.
    pub(super) fn finished(&self, transaction: &Transaction) -> String {
        let logto = self.logto();
        logto.transactions.finish(&logto.keys, transaction, self.now())
    }

    pub(super) async fn begin_sign_in(
        &self,
        options: &SignInOptions,
        before: Before<'_>,
    ) -> Result<Reply, Error> {
        options.check()?;
        let logto = self.logto();
        self.check_expected(options)?;
        let scopes = self.scopes(options)?;
        let return_to = self.return_to(options)?;
        let redirect_path = self.redirect_path(options)?;
        let resources = self.resources(options);
        let metadata = logto.provider.metadata().await?;
        let for_apis = resources.iter().any(|name| *name != scope::ORGANIZATIONS_RESOURCE);
        let freshness = self.freshness(options).await?;
        let parameters = options.all_parameters();
        let header = &*self.request().cookies();
        let (restarted, replaces) = match before {
            Before::Nothing => (false, false),
            Before::Displaced => (true, false),
            Before::Refused(refused) => (refused.intent.restarted, true),
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
            logto.transactions.begin(&logto.keys, header, self.now(), intent, replaces)?;
        let url = Protocol::new(&logto.settings, &metadata, &logto.http)?.authorization_url(
            AuthorizationRequest {
                state,
                nonce: transaction.nonce(),
                verifier: transaction.verifier(),
                redirect_uri: &self.redirect_uri(&transaction),
                scopes,
                resources,
                prompt: self.prompt(options),
                parameters: &parameters,
            },
        )?;
        Ok(self.leave_for(url.into()).with_cookies(vec![cookie]))
    }

    /// The scopes of this sign-in. Logto drops `offline_access` silently where the prompt has no
    /// consent, so that has to be asked for by name.
    fn scopes(&self, options: &SignInOptions) -> Result<Vec<&str>, Error> {
        let settings = &self.logto().settings;
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
        let scopes = &self.logto().settings.scopes;
        if by_email && !scopes.iter().any(|name| name == scope::EMAIL) {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a sign-in for an e-mail address needs the scope email: with_scopes(…) or LOGTO_SCOPES",
            ));
        }
        Ok(())
    }

    /// A person who has to authenticate again needs a page for it.
    fn prompt(&self, options: &SignInOptions) -> Prompt {
        match (options.prompt, self.logto().settings.prompt) {
            _ if options.is_silent => Prompt::None,
            (Some(prompt), _) => prompt,
            (None, configured) if options.expected.is_some() => configured.with_login(),
            (None, Prompt::None) if options.max_age.is_some() => Prompt::Login,
            (None, configured) => configured,
        }
    }

    async fn freshness(&self, options: &SignInOptions) -> Result<Option<Freshness>, Error> {
        let Some(max_age) = options.max_age else {
            return Ok(None);
        };
        let signed_in = self.grant().await?;
        let sub = signed_in.as_ref().map(|grant| grant.shown().sub());
        Ok(Some(Freshness::new(max_age, sub)))
    }

    /// Organizations are no API of an app: Logto always knows their resource.
    fn resources(&self, options: &SignInOptions) -> Vec<&str> {
        let Engine { settings, unknown_resources, .. } = self.logto().as_ref();
        let unknown = unknown_resources.names(self.now());
        let is_left_out = |name: &str| {
            name != scope::ORGANIZATIONS_RESOURCE
                && (options.resources == Resources::None || unknown.iter().any(|it| it == name))
        };
        let all = settings.resources.iter().map(String::as_str);
        all.filter(|name| !is_left_out(name)).collect()
    }

    fn return_to(&self, options: &SignInOptions) -> Result<Option<String>, Error> {
        let Some(wanted) = &options.post_redirect_uri else {
            return Ok(None);
        };
        if self.is_window(wanted) {
            return Ok(Some(wanted.clone()));
        }
        self.own_page(wanted).map(Some).ok_or_else(|| {
            let why = "the page to show after signing in is not a page of this app";
            Error::new(ErrorKind::InvalidRequest, why)
        })
    }

    fn redirect_path(&self, options: &SignInOptions) -> Result<Option<String>, Error> {
        let Some(uri) = &options.redirect_uri else {
            return Ok(None);
        };
        let path = uri.strip_prefix(&self.url("")).unwrap_or(uri);
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
    pub(super) fn redirect_uri(&self, transaction: &Transaction) -> String {
        let settings = &self.logto().settings;
        match &transaction.intent.redirect_path {
            Some(path) => self.url(path),
            None => self.url(&Route::Callback.mounted(settings)),
        }
    }
}
