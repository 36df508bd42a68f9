//! What a user does in the world: signs in, and opens pages that need something of Logto.

use logto::web::{Context, Reply};
use logto::{AccessToken, Error, Logto, TokenRequest};
use url::Url;

use super::World;
use crate::hostile::browser::{NAVIGATION, Seen};

impl World {
    /// Begins a sign-in: the address of the provider that the browser was sent to.
    ///
    /// # Panics
    ///
    /// If it was not sent there.
    pub async fn begin(&mut self, target: &str) -> Url {
        let seen = self.open(target).await;
        assert_eq!(seen.status, 303, "{seen:?}");
        Url::parse(seen.location()).expect("the provider's address")
    }

    /// The callback that an honest provider answers an authorization request with.
    #[must_use]
    pub fn callback(&self, authorize: &Url) -> String {
        let code = self.provider.grant(authorize);
        format!(
            "/callback?code={code}&state={}&iss={}",
            state_of(authorize),
            self.provider.issuer()
        )
    }

    /// A whole sign-in: the answer to the callback, or the answer that came instead of the
    /// provider's address.
    pub async fn sign_in(&mut self) -> Seen {
        let seen = self.open("/sign-in?return_to=/home").await;
        let Some(authorize) = Url::parse(seen.location()).ok() else {
            return seen;
        };
        self.open(&self.callback(&authorize)).await
    }

    /// Signs `user` in, honestly.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub async fn sign_in_as(&mut self, user: &str) {
        self.provider.set_user(user);
        let seen = self.sign_in().await;
        assert_eq!((seen.status, seen.location()), (303, "/home"), "{seen:?}");
        assert_eq!(self.user().await.as_deref(), Some(user));
    }

    /// A page of the app.
    #[must_use]
    pub fn page(&self) -> Context {
        self.page_of(&self.logto)
    }

    /// A page of an instance of the app.
    #[must_use]
    pub fn page_of(&self, instance: &Logto) -> Context {
        instance.context(self.browser.request("GET", "/page", &NAVIGATION))
    }

    /// Who is signed in.
    ///
    /// # Panics
    ///
    /// If the session cannot be read.
    pub async fn user(&self) -> Option<String> {
        let user = self.page().maybe_user().await.expect("a session or none");
        user.map(|user| user.sub().to_owned())
    }

    /// The access token on a page of the app; the answer of the page if there is none.
    ///
    /// # Errors
    ///
    /// What the browser sees instead of the page.
    pub async fn access_token(&mut self) -> Result<String, Seen> {
        self.token(TokenRequest::opaque()).await
    }

    /// Any access token on a page of the app; the answer of the page if there is none.
    ///
    /// # Errors
    ///
    /// What the browser sees instead of the page.
    pub async fn token(&mut self, request: impl Into<TokenRequest>) -> Result<String, Seen> {
        let page = self.page();
        let token = page.access_token(request).await;
        self.pay(&page, token.map(AccessToken::into_string)).await
    }

    /// The userinfo's `sub` on a page of the app; the answer of the page if there is none.
    ///
    /// # Errors
    ///
    /// What the browser sees instead of the page.
    pub async fn user_info(&mut self) -> Result<String, Seen> {
        let page = self.page();
        let info = page.fetch_user_info().await.map(|info| info.sub.clone());
        self.pay(&page, info).await
    }

    /// What an adapter does with a page: sends the cookies and the answer.
    ///
    /// # Errors
    ///
    /// What the browser sees instead of the page.
    ///
    /// # Panics
    ///
    /// If the answer is not as every answer must be.
    pub async fn pay<T>(&mut self, page: &Context, outcome: Result<T, Error>) -> Result<T, Seen> {
        let lines = page.take_cookies().await;
        self.keep(&lines);
        outcome.map_err(|error| {
            self.spoken.push_str(&format!("{error} {error:?}\n"));
            self.see(Reply::from(error))
        })
    }
}

/// The `state` of an authorization request.
///
/// # Panics
///
/// If it has none.
#[must_use]
pub fn state_of(authorize: &Url) -> String {
    let mut pairs = authorize.query_pairs();
    let (_, state) = pairs.find(|(name, _)| name == "state").expect("a state");
    state.into_owned()
}
