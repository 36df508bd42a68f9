//! Sending somebody to Logto.

use super::{Context, Reply, Route};
use crate::config::scope;
use crate::error::{Error, ErrorKind};
use crate::flow::{SignInOptions, Transaction};
use crate::local_path::local_path;
use crate::oidc::{AuthorizationRequest, Protocol};

impl Context {
    /// Sends the person to Logto.
    ///
    /// The answer is a redirect, with a cookie that binds the sign-in to this browser. A session
    /// that is there stays until the new one replaces it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] if the options cannot be sent, [`ErrorKind::Unreachable`] if
    /// Logto was never reached and is not now.
    pub async fn sign_in(&self, options: SignInOptions) -> Result<Reply, Error> {
        self.begin_sign_in(&options).await.map_err(|error| {
            tracing::warn!(%error, "a sign-in could not begin");
            self.answered(error)
        })
    }

    /// The sign-in once more, without API resources: one that Logto does not know must not lock
    /// people out. `None` if it cannot begin.
    pub(super) async fn sign_in_without_resources(&self, refused: &Transaction) -> Option<Reply> {
        let resources = &self.logto().settings.resources;
        tracing::error!(
            ?resources,
            "Logto does not know a resource that is configured; people sign in without resources"
        );
        let options = SignInOptions {
            redirect_uri: refused.redirect_path.clone(),
            post_redirect_uri: refused.return_to.clone(),
            no_resources: true,
            ..SignInOptions::from_query(refused.repeat.as_deref().unwrap_or_default())
        };
        let forget = vec![self.logto().transactions.remove(&refused.state)];
        let reply = self.begin_sign_in(&options).await.ok()?;
        Some(reply.with_cookies(forget))
    }

    async fn begin_sign_in(&self, options: &SignInOptions) -> Result<Reply, Error> {
        options.check()?;
        let logto = self.logto();
        let scopes = self.scopes(options)?;
        let return_to = self.return_to(options)?;
        let redirect_path = self.redirect_path(options)?;
        let resources = self.resources(options);
        let metadata = logto.provider.metadata().await?;
        let for_apis = resources.iter().any(|name| *name != scope::ORGANIZATIONS_RESOURCE);
        let transaction = logto.transactions.begin(
            self.now(),
            return_to,
            redirect_path,
            for_apis.then(|| options.to_query()),
        )?;
        let url = Protocol::new(&logto.settings, &metadata, &logto.http)?.authorization_url(
            AuthorizationRequest {
                state: transaction.state.clone(),
                nonce: transaction.nonce(),
                verifier: transaction.verifier(),
                redirect_uri: &self.redirect_uri(&transaction),
                scopes,
                resources,
                prompt: options.prompt.unwrap_or(logto.settings.prompt),
                parameters: &options.parameters,
            },
        )?;
        let header = self.request().cookies();
        let cookies = logto.transactions.write(&logto.keys, &transaction, header)?;
        Ok(self.leave_for(url.into()).with_cookies(cookies))
    }

    /// The scopes of this sign-in. Logto drops `offline_access` silently where the prompt has no
    /// consent, so that has to be asked for by name.
    fn scopes(&self, options: &SignInOptions) -> Result<Vec<&str>, Error> {
        let settings = &self.logto().settings;
        let wanted = |name: &&str| *name != scope::OFFLINE_ACCESS || !options.no_offline_access;
        let scopes: Vec<&str> = settings.scopes.iter().map(String::as_str).filter(wanted).collect();
        let prompt = options.prompt.unwrap_or(settings.prompt);
        if scopes.contains(&scope::OFFLINE_ACCESS) && !prompt.includes_consent() {
            return Err(Error::new(
                ErrorKind::InvalidRequest,
                "a prompt without consent would silently lose the refresh token: use \
                 Prompt::LoginConsent, or say without_offline_access() if that is meant",
            ));
        }
        Ok(scopes)
    }

    /// Organizations are no API of anybody's: Logto always knows their resource.
    fn resources(&self, options: &SignInOptions) -> Vec<&str> {
        let all = self.logto().settings.resources.iter().map(String::as_str);
        all.filter(|name| !options.no_resources || *name == scope::ORGANIZATIONS_RESOURCE).collect()
    }

    fn return_to(&self, options: &SignInOptions) -> Result<Option<String>, Error> {
        let Some(wanted) = &options.post_redirect_uri else {
            return Ok(None);
        };
        self.own_page(wanted).map(Some).ok_or_else(|| {
            let why = "the page to show after signing in is not a page of this app";
            Error::new(ErrorKind::InvalidRequest, why)
        })
    }

    fn redirect_path(&self, options: &SignInOptions) -> Result<Option<String>, Error> {
        let Some(uri) = &options.redirect_uri else {
            return Ok(None);
        };
        let base = &self.logto().settings.base_url;
        let path = uri.strip_prefix(base.as_str()).unwrap_or(uri);
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
        match &transaction.redirect_path {
            Some(path) => settings.url(path),
            None => settings.url(&Route::Callback.mounted(settings)),
        }
    }
}
