//! What clients sent.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::call::Call;

/// A request that reached the tenant, as it was sent, secrets included: that is what a test looks at.
/// `Debug` shows names and statuses only.
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
}

impl SeenRequest {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }

    /// The first parameter of that name, from the form or else from the query.
    pub fn param(&self, name: &str) -> Option<&str> {
        first(&self.form, name).or_else(|| first(&self.query, name))
    }
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

impl fmt::Debug for SeenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |pairs: &[(String, String)]| {
            pairs
                .iter()
                .map(|(name, _)| name.clone())
                .collect::<Vec<_>>()
        };
        f.debug_struct("SeenRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &names(&self.query))
            .field("form", &names(&self.form))
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Requests in the order they arrived. A number given out stays valid after [`Log::clear`].
#[derive(Default)]
pub(crate) struct Log(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    cleared: usize,
    seen: Vec<SeenRequest>,
}

impl Log {
    pub(crate) fn arrived(&self, call: &Call) -> usize {
        let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        };
        let mut entries = self.entries();
        entries.seen.push(SeenRequest {
            method: call.method.to_string(),
            path: call.path.clone(),
            query: call.query.0.clone(),
            form: call.form.0.clone(),
            headers: call.headers.iter().map(header).collect(),
            status: None,
        });
        entries.cleared + entries.seen.len() - 1
    }

    pub(crate) fn answered(&self, number: usize, status: u16) {
        let mut entries = self.entries();
        let index = number.checked_sub(entries.cleared);
        if let Some(request) = index.and_then(|index| entries.seen.get_mut(index)) {
            request.status = Some(status);
        }
    }

    pub(crate) fn seen(&self) -> Vec<SeenRequest> {
        self.entries().seen.clone()
    }

    pub(crate) fn clear(&self) {
        let mut entries = self.entries();
        entries.cleared += entries.seen.len();
        entries.seen.clear();
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
