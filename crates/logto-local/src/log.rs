//! The log of requests that clients sent.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::response::Response;

use crate::call::Call;

/// Older requests are forgotten, so that a tenant can run for weeks.
const KEPT: usize = 10_000;

/// A request that reached the tenant, as it was sent, secrets included: that is what a test looks
/// at. `Debug` shows names and statuses only.
///
/// # Example
///
/// ```
/// use logto_local::LocalTenant;
///
/// fn refreshes(tenant: &LocalTenant) -> usize {
///     let requests = tenant.requests();
///     let grants = requests.iter().filter_map(|request| request.param("grant_type"));
///     grants.filter(|grant| *grant == "refresh_token").count()
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeenRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// Decoded parameters of the query, in order.
    pub query: Vec<(String, String)>,
    /// Decoded parameters of the form body, in order.
    pub form: Vec<(String, String)>,
    /// Headers, names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The status answered; `None` while it is being answered, or if the connection was cut.
    pub status: Option<u16>,
    /// Why the tenant refused, in Logto's words, also where the refusal was sent on to the app.
    pub refusal: Option<String>,
}

/// Travels with a response to the log.
#[derive(Clone)]
pub(crate) struct Refusal(pub(crate) String);

impl SeenRequest {
    /// The first header of that (lower-case) name.
    ///
    /// # Example
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tenant = logto_local::LocalTenant::start().await?;
    /// reqwest::Client::new().get(tenant.endpoint()).header("accept-language", "fr").send().await?;
    /// let requests = tenant.requests();
    /// let language = requests.last().and_then(|request| request.header("accept-language"));
    /// assert_eq!(language, Some("fr"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }

    /// The first parameter of that name, from the form or else from the query.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        first(&self.form, name).or_else(|| first(&self.query, name))
    }
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

impl fmt::Debug for SeenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |pairs: &[(String, String)]| {
            pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        f.debug_struct("SeenRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &names(&self.query))
            .field("form", &names(&self.form))
            .field("status", &self.status)
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
}

/// Requests in the order they arrived. A number given out stays valid after [`Log::clear`].
#[derive(Default)]
pub(crate) struct Log(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    forgotten: usize,
    seen: VecDeque<SeenRequest>,
}

impl Log {
    pub(crate) fn arrived(&self, call: &Call) -> usize {
        let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let mut entries = self.entries();
        if entries.seen.len() == KEPT {
            entries.seen.pop_front();
            entries.forgotten += 1;
        }
        entries.seen.push_back(SeenRequest {
            method: call.method.to_string(),
            path: call.path.clone(),
            query: call.query.0.clone(),
            form: call.form.0.clone(),
            headers: call.headers.iter().map(header).collect(),
            status: None,
            refusal: None,
        });
        entries.forgotten + entries.seen.len() - 1
    }

    pub(crate) fn answered(&self, number: usize, response: &Response) {
        let mut entries = self.entries();
        let index = number.checked_sub(entries.forgotten);
        if let Some(request) = index.and_then(|index| entries.seen.get_mut(index)) {
            request.status = Some(response.status().as_u16());
            let refusal = response.extensions().get::<Refusal>();
            request.refusal = refusal.map(|Refusal(why)| why.clone());
        }
    }

    pub(crate) fn seen(&self) -> Vec<SeenRequest> {
        self.entries().seen.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let mut entries = self.entries();
        entries.forgotten += entries.seen.len();
        entries.seen.clear();
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Method, StatusCode};
    use axum::response::IntoResponse;

    use super::*;
    use crate::call::Params;

    #[test]
    fn old_requests_are_forgotten_and_the_others_keep_their_numbers() {
        let log = Log::default();
        for number in 0..KEPT + 3 {
            let call = Call {
                method: Method::GET,
                path: format!("/{number}"),
                headers: HeaderMap::new(),
                query: Params::default(),
                form: Params::default(),
                json: serde_json::Value::Null,
            };
            assert_eq!(log.arrived(&call), number);
        }
        let status = |status: u16| StatusCode::from_u16(status).unwrap().into_response();
        log.answered(2, &status(500));
        log.answered(3, &status(200));
        log.answered(KEPT + 2, &status(204));
        let seen = log.seen();
        assert_eq!(seen.len(), KEPT);
        let answered =
            seen.iter().filter_map(|request| Some((request.path.as_str(), request.status?)));
        assert_eq!(
            answered.collect::<Vec<_>>(),
            [("/3", 200), (format!("/{}", KEPT + 2).as_str(), 204)]
        );
    }
}
