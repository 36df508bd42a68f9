//! Requests to Logto's Account API.

use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::{Dispatch, Endpoint, Http};
use crate::error::Error;

/// What is asked of the Account API.
pub(crate) struct AccountRequest<'a> {
    pub(crate) verb: Verb,
    pub(crate) url: &'a Url,
    /// The id of a verification record.
    pub(crate) verification: Option<String>,
    /// A JSON document.
    pub(crate) body: Option<Vec<u8>>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

impl Http {
    /// The body of a success, which is empty where there is nothing to say.
    pub(crate) async fn account(
        &self,
        request: AccountRequest<'_>,
        token: &str,
    ) -> Result<Vec<u8>, Error> {
        let AccountRequest { verb, url, verification, body } = request;
        let mut request = self
            .clients
            .ordinary()
            .request(verb.method(), &*self.reached(url.as_str()))
            .header("accept", "application/json")
            .bearer_auth(token);
        if let Some(id) = &verification {
            request = request.header("logto-verification-id", id);
        }
        // All of the body is kept out of errors: it can hold passwords and codes.
        let sent: Value = body
            .as_deref()
            .map(serde_json::from_slice)
            .transpose()
            .ok()
            .flatten()
            .unwrap_or_default();
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let mut secrets = vec![token];
        secrets.extend(verification.as_deref());
        collect_texts(&sent, &mut secrets);
        self.send(Endpoint::Account, request, &secrets, &Dispatch::default()).await
    }
}

fn collect_texts<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(list) => list.iter().for_each(|one| collect_texts(one, texts)),
        Value::Object(members) => members.values().for_each(|one| collect_texts(one, texts)),
        _ => {}
    }
}
