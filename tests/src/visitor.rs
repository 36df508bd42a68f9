//! Someone who visits an app, without a screen.

use std::sync::Arc;

use reqwest::cookie::{CookieStore, Jar};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use url::Url;

/// A browser that keeps cookies and follows no redirect. A clone is another request of the same
/// browser.
#[derive(Clone, Debug)]
pub struct Visitor {
    client: Client,
    jar: Arc<Jar>,
}

impl Visitor {
    /// A browser without cookies.
    pub fn new() -> Self {
        Self::with(Jar::default())
    }

    fn with(jar: Jar) -> Self {
        let jar = Arc::new(jar);
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .cookie_provider(Arc::clone(&jar))
            .build()
            .expect("an HTTP client");
        Self { client, jar }
    }

    /// The answer to what a script asks for.
    pub async fn get(&self, url: &str) -> Response {
        self.client.get(url).send().await.expect("an answer")
    }

    /// Its status.
    pub async fn status(&self, url: &str) -> u16 {
        self.get(url).await.status().as_u16()
    }

    /// The answer to what asks for the headers alone.
    pub async fn head(&self, url: &str) -> Response {
        self.client.head(url).send().await.expect("an answer")
    }

    /// The status if there is an answer.
    ///
    /// # Errors
    ///
    /// If there is none, as when the app is ended meanwhile.
    pub async fn try_status(&self, url: &str) -> reqwest::Result<u16> {
        Ok(self.client.get(url).send().await?.status().as_u16())
    }

    /// The answer to a user who opens a page.
    pub async fn open(&self, url: &str) -> Response {
        let request = self.client.get(url).header("accept", "text/html");
        request.send().await.expect("an answer")
    }

    /// Where a user who opens a page is sent.
    pub async fn sent_to(&self, url: &str) -> String {
        let answer = self.open(url).await;
        let location = answer.headers().get("location");
        let location = location.and_then(|location| location.to_str().ok());
        location.expect("a redirect").to_owned()
    }

    /// A `POST` of this browser, to be sent.
    pub fn post(&self, url: &str) -> RequestBuilder {
        self.client.post(url)
    }

    /// Someone who has copied all cookies of the app at `base_url`.
    pub fn copy(&self, base_url: &str) -> Self {
        let url = Url::parse(base_url).expect("the address of the app");
        let jar = Jar::default();
        if let Some(cookies) = self.jar.cookies(&url) {
            for pair in cookies.to_str().expect("cookies are text").split("; ") {
                jar.add_cookie_str(pair, &url);
            }
        }
        Self::with(jar)
    }
}

impl Default for Visitor {
    fn default() -> Self {
        Self::new()
    }
}
