//! A request, read once, for handlers and for the log.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use serde_json::Value;
use url::form_urlencoded;

/// Decoded parameters in the order they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(pub(crate) Vec<(String, String)>);

impl Params {
    pub(crate) fn decode(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    fn from_json(body: &Value) -> Self {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let members = body.as_object().into_iter().flatten();
        Self(members.map(|(name, value)| (name.clone(), text(value))).collect())
    }

    /// The first value; an empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let named = self.0.iter().find(|(key, value)| key == name && !value.is_empty());
        named.map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that is there once: Logto does without one that it was given twice.
    pub(crate) fn once(&self, name: &str) -> Option<&str> {
        let times = self.0.iter().filter(|(key, _)| key == name).count();
        self.get(name).filter(|_| times == 1)
    }

    /// The first parameter, `resource` aside, that is there twice.
    pub(crate) fn repeated(&self) -> Option<&str> {
        let names = || self.0.iter().map(|(name, _)| name.as_str());
        names()
            .find(|name| *name != "resource" && names().filter(|other| other == name).count() > 1)
    }

    /// Resources may be repeated or separated by commas.
    pub(crate) fn resources(&self) -> Vec<String> {
        let values = self.0.iter().filter(|(name, value)| name == "resource" && !value.is_empty());
        values.flat_map(|(_, value)| value.split(',')).map(str::to_owned).collect()
    }
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Params,
    pub(crate) form: Params,
    /// A JSON body; `null` if there is none.
    pub(crate) json: Value,
}

impl Call {
    pub(crate) fn new(parts: &Parts, body: &[u8]) -> Self {
        let content_type =
            parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is = |kind: &str| content_type.is_some_and(|given| given.starts_with(kind));
        let json = if is("application/json") {
            serde_json::from_slice(body).unwrap_or_default()
        } else {
            Value::Null
        };
        let form = if is("application/x-www-form-urlencoded") {
            Params::decode(body)
        } else {
            Params::from_json(&json)
        };
        Self {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            headers: parts.headers.clone(),
            query: Params::decode(parts.uri.query().unwrap_or_default().as_bytes()),
            form,
            json,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The query of a GET, the form of a POST.
    pub(crate) fn params(&self) -> &Params {
        if self.method == Method::POST { &self.form } else { &self.query }
    }

    /// Whether Logto would have read the body at all.
    pub(crate) fn is_form(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default();
        kind.starts_with("application/x-www-form-urlencoded")
            || kind.starts_with("application/json")
    }

    /// A cookie by name. Two of Logto's cookies are raw JSON, so only `;` separates.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let headers =
            self.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        headers
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
