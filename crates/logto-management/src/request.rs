//! One request to the Management API, repeated only where that cannot do anything twice.

use std::fmt;
use std::time::Duration;

use logto_http::fault;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::sleep;
use url::Url;

use crate::Management;
use crate::error::{Error, ErrorKind};
use crate::http::Success;
use crate::secrets::secrets_of;

/// A request that is refused by a rate limit is sent at most this often.
const ATTEMPTS: u32 = 3;
/// A longer `Retry-After` is left to the caller.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A request to a path that has no typed call.
///
/// # Example
///
/// ```no_run
/// # async fn run(management: logto_management::Management) -> Result<(), logto_management::Error> {
/// #[derive(serde::Deserialize)]
/// struct Hook {
///     id: String,
///     name: String,
/// }
/// let hooks: Vec<Hook> = management.get(&["hooks"]).send().await?;
/// management.delete(&["hooks", "some id"]).done().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing happens before it is sent"]
pub struct Request {
    management: Management,
    method: Method,
    url: Result<Url, Error>,
    /// For errors: the method, and the path without ids.
    what: String,
    body: Option<Value>,
}

impl Management {
    /// A GET of the path below `/api` with these segments.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    /// use serde_json::Value;
    ///
    /// /// The time zone of a user, among what the typed call leaves out.
    /// async fn time_zone(management: &Management, id: &str) -> Result<Option<String>, Error> {
    ///     let user: Value = management.get(&["users", id]).send().await?;
    ///     Ok(user["profile"]["zoneinfo"].as_str().map(str::to_owned))
    /// }
    /// ```
    pub fn get(&self, path: &[&str]) -> Request {
        Request::new(self, Method::GET, path)
    }

    /// A POST; it is sent again only if Logto refused the access token, before it did anything.
    ///
    /// # Example
    ///
    /// ```
    /// use serde_json::{Value, json};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::builder().start().await?;
    /// # let app = tenant.machine_app();
    /// # let management = logto_management::Management::new(tenant.endpoint(), &app.app_id, &app.app_secret)?;
    /// let body = json!({ "name": "Acme" });
    /// let made: Value = management.post(&["organizations"]).json(&body).send().await?;
    /// assert_eq!(made["name"], "Acme");
    /// # Ok(())
    /// # }
    /// ```
    pub fn post(&self, path: &[&str]) -> Request {
        Request::new(self, Method::POST, path)
    }

    /// A PUT.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    /// use serde_json::json;
    ///
    /// async fn set_id_token_claims(management: &Management) -> Result<(), Error> {
    ///     let body = json!({ "enabledExtendedClaims": ["roles"] });
    ///     management.put(&["configs", "id-token"]).json(&body).done().await
    /// }
    /// ```
    pub fn put(&self, path: &[&str]) -> Request {
        Request::new(self, Method::PUT, path)
    }

    /// A PATCH; it is sent again only if Logto refused the access token, before it did anything.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    /// use serde_json::json;
    ///
    /// async fn set_locale(management: &Management, user: &str) -> Result<(), Error> {
    ///     let body = json!({ "profile": { "locale": "fr-FR" } });
    ///     management.patch(&["users", user, "profile"]).json(&body).done().await
    /// }
    /// ```
    pub fn patch(&self, path: &[&str]) -> Request {
        Request::new(self, Method::PATCH, path)
    }

    /// A DELETE.
    pub fn delete(&self, path: &[&str]) -> Request {
        Request::new(self, Method::DELETE, path)
    }
}

impl Request {
    fn new(management: &Management, method: Method, path: &[&str]) -> Self {
        let first = path.first().copied().unwrap_or_default();
        let rest = if path.len() > 1 { "/\u{2026}" } else { "" };
        Self {
            what: format!("{method} /api/{first}{rest}"),
            url: address(&management.0.reached_at, path),
            management: management.clone(),
            method,
            body: None,
        }
    }

    /// Adds a parameter to the query.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::Error;
    ///
    /// # async fn run(management: logto_management::Management) -> Result<(), Error> {
    /// #[derive(serde::Deserialize)]
    /// struct Log {
    ///     id: String,
    /// }
    ///
    /// let failed = management.get(&["logs"]).query("logKey", "ExchangeTokenBy.AuthorizationCode");
    /// let newest: Option<Log> = failed.pages().try_next().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(mut self, name: &str, value: &str) -> Self {
        if let Ok(url) = &mut self.url {
            url.query_pairs_mut().append_pair(name, value);
        }
        self
    }

    /// The body, as JSON.
    ///
    /// # Example
    ///
    /// ```
    /// use logto_management::{Error, Management};
    /// use serde::Serialize;
    ///
    /// #[derive(Serialize)]
    /// struct Branding<'a> {
    ///     branding: Logo<'a>,
    /// }
    ///
    /// #[derive(Serialize)]
    /// #[serde(rename_all = "camelCase")]
    /// struct Logo<'a> {
    ///     logo_url: &'a str,
    /// }
    ///
    /// async fn set_logo(management: &Management, url: &str) -> Result<(), Error> {
    ///     let body = Branding { branding: Logo { logo_url: url } };
    ///     management.patch(&["sign-in-exp"]).json(&body).done().await
    /// }
    /// ```
    pub fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_value(body) {
            Ok(body) => self.body = Some(body),
            Err(error) => {
                let why = "the body cannot be written as JSON";
                self.url = Err(Error::with_source(ErrorKind::InvalidRequest, why, error));
            }
        }
        self
    }

    /// Sends the request and reads the JSON of the answer.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`] lists them.
    pub async fn send<T: DeserializeOwned>(&self) -> Result<T, Error> {
        Ok(self.send_for_headers().await?.1)
    }

    /// Sends the request; what the answer says does not matter.
    ///
    /// # Errors
    ///
    /// As [`ErrorKind`] lists them.
    pub async fn done(&self) -> Result<(), Error> {
        self.run().await.map(drop)
    }

    pub(crate) async fn send_for_headers<T: DeserializeOwned>(
        &self,
    ) -> Result<(HeaderMap, T), Error> {
        let Success { headers, body } = self.run().await?;
        let body = serde_json::from_slice(&body).map_err(|error| {
            let (what, why) = (&self.what, fault(&error));
            Error::new(
                ErrorKind::InvalidResponse,
                format!("Logto's answer to {what} cannot be read: {why}"),
            )
        })?;
        Ok((headers, body))
    }

    async fn run(&self) -> Result<Success, Error> {
        let repeatable = self.method.is_idempotent();
        let mut renewed = false;
        let mut attempt = 1;
        loop {
            let error = match self.attempt().await {
                Err(error) => error,
                success => return success,
            };
            // Where it refused the token, Logto did nothing: a write can be repeated too.
            let may_repeat = repeatable || error.kind() == ErrorKind::NoAccess;
            match error.status() {
                Some(401) if may_repeat && !renewed => renewed = true,
                Some(429) if repeatable => {
                    let Some(wait) = wait(error.retry_after(), attempt) else {
                        return Err(error);
                    };
                    sleep(wait).await;
                    attempt += 1;
                }
                _ => return Err(error),
            }
        }
    }

    async fn attempt(&self) -> Result<Success, Error> {
        let url = self.url.clone()?;
        let inner = &self.management.0;
        inner.pace.turn().await;
        let token = inner.tokens.get().await?;
        let mut request = inner
            .http
            .0
            .request(self.method.clone(), url)
            .bearer_auth(token.as_str())
            .header("accept", "application/json");
        let mut secrets = vec![token.as_str()];
        if let Some(body) = &self.body {
            request = request.json(body);
            secrets.extend(secrets_of(body));
        }
        let outcome = inner.http.send(request, &self.what, &secrets).await;
        if matches!(&outcome, Err(error) if error.status() == Some(401)) {
            inner.tokens.forget(&token);
        }
        outcome
    }
}

/// How long to wait before the next attempt; `None` if there will be none.
fn wait(asked: Option<Duration>, attempt: u32) -> Option<Duration> {
    let wait = asked.unwrap_or(Duration::from_secs(1) * attempt);
    (attempt < ATTEMPTS && wait <= LONGEST_WAIT).then_some(wait)
}

/// Ids are foreign text: they must stay one segment each.
fn address(endpoint: &Url, path: &[&str]) -> Result<Url, Error> {
    if path.is_empty() || path.iter().any(|segment| matches!(*segment, "" | "." | "..")) {
        let why = "an id is empty or dots only, which would lead to another address";
        return Err(Error::new(ErrorKind::InvalidRequest, why));
    }
    let mut url = endpoint.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().push("api").extend(path);
    }
    Ok(url)
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("what", &self.what).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_the_one_that_was_asked_for() {
        let seconds = Duration::from_secs;
        assert_eq!(wait(Some(seconds(7)), 1), Some(seconds(7)));
        assert_eq!(wait(Some(seconds(30)), 2), Some(seconds(30)));
        assert_eq!(wait(Some(seconds(31)), 1), None);
        assert_eq!(
            [1, 2, 3].map(|attempt| wait(None, attempt)),
            [Some(seconds(1)), Some(seconds(2)), None]
        );
    }

    #[test]
    fn an_id_stays_one_segment() {
        let endpoint = Url::parse("https://example.com/logto/").unwrap();
        let url = address(&endpoint, &["users", "a/../b?c#d"]).unwrap();
        assert_eq!(url.as_str(), "https://example.com/logto/api/users/a%2F..%2Fb%3Fc%23d");
        for id in ["", ".", ".."] {
            assert!(address(&endpoint, &["users", id]).is_err());
        }
    }
}
