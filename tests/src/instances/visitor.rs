use std::sync::Arc;

use logto_local::Browser;
use reqwest::cookie::{CookieStore, Jar};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;

use super::Cluster;

/// Somebody with a browser. A clone is another request of the same browser.
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

    /// Signs alice in, each step at another instance.
    ///
    /// # Panics
    ///
    /// If she is not.
    pub async fn sign_in(&self, cluster: &Cluster, at_logto: &mut Browser) {
        let answer = self.get(&cluster.url_of(0, "/sign-in")).await;
        let callback = at_logto.sign_in(&location(&answer), "alice").await;
        let callback = callback.expect("a callback");
        let callback = &callback[cluster.base_url().len()..];
        let answer = self.get(&cluster.url_of(1, callback)).await;
        assert_eq!(answer.status(), 303);
        assert_eq!(self.status(&cluster.url_of(2, "/api/me")).await, 200);
    }

    /// The answer to what a script asks for.
    pub async fn get(&self, url: &str) -> Response {
        self.client.get(url).send().await.expect("an answer")
    }

    /// Its status.
    pub async fn status(&self, url: &str) -> u16 {
        self.get(url).await.status().as_u16()
    }

    /// Presses the sign-out button.
    pub async fn sign_out(&self, cluster: &Cluster, instance: usize) -> Response {
        let request = self.client.post(cluster.url_of(instance, "/sign-out"));
        let request = request.header("origin", cluster.base_url());
        request.send().await.expect("an answer")
    }

    /// Somebody who has copied all cookies.
    pub fn copy(&self, cluster: &Cluster) -> Self {
        let url = Url::parse(cluster.base_url()).expect("the address of the app");
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

/// Where an answer leads.
fn location(answer: &Response) -> String {
    let location = answer.headers().get("location");
    let location = location.and_then(|location| location.to_str().ok());
    location.expect("a redirect").to_owned()
}
