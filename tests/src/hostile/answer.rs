//! One answer of the provider, before it is sent: to be bent.

use std::io;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::Response;
use futures::{StreamExt, stream};
use serde_json::Value;

use super::gate::Gate;

/// What is answered, and how.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Headers besides `content-type: application/json`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    manner: Manner,
}

#[derive(Clone, Debug)]
enum Manner {
    Whole,
    /// Half of the body, then the connection breaks.
    Cut,
    /// Half of the body, then nothing.
    Stalled,
    /// Not even a status.
    Never,
    /// Whole, once the gate is open.
    Held(Gate),
}

impl Answer {
    /// JSON with status 200.
    #[must_use]
    pub fn json(body: &Value) -> Self {
        Self::text(200, &body.to_string())
    }

    /// Any text.
    #[must_use]
    pub fn text(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.as_bytes().to_vec(), manner: Manner::Whole }
    }

    /// An OAuth error.
    #[must_use]
    pub fn error(status: u16, error: &str) -> Self {
        let body = serde_json::json!({ "error": error, "error_description": "said the provider",
            "code": format!("oidc.{error}"), "message": "An OIDC error occurred." });
        Self::text(status, &body.to_string())
    }

    /// A redirect.
    #[must_use]
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::text(status, "").with_header("location", to)
    }

    /// A web page where JSON belongs.
    #[must_use]
    pub fn html() -> Self {
        Self::text(200, "<!doctype html><title>Welcome</title>")
            .with_header("content-type", "text/html")
    }

    /// More than anyone should read.
    #[must_use]
    pub fn huge() -> Self {
        Self::text(200, &format!("{{\"x\":\"{}\"}}", "x".repeat(1024 * 1024)))
    }

    /// The same with one more header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same with more behind the body.
    #[must_use]
    pub fn followed_by(mut self, more: &[u8]) -> Self {
        self.body.extend_from_slice(more);
        self
    }

    /// The same with a body changed as JSON.
    ///
    /// # Panics
    ///
    /// If the body is no JSON.
    #[must_use]
    pub fn edit(mut self, change: impl FnOnce(&mut Value)) -> Self {
        let mut value = serde_json::from_slice(&self.body).expect("JSON");
        change(&mut value);
        self.body = value.to_string().into_bytes();
        self
    }

    /// The same with a member set.
    #[must_use]
    pub fn set(self, member: &str, value: impl Into<Value>) -> Self {
        self.edit(|body| body[member] = value.into())
    }

    /// The same without a member.
    #[must_use]
    pub fn without(self, member: &str) -> Self {
        self.edit(|body| {
            body.as_object_mut().map(|object| object.remove(member));
        })
    }

    /// The same with `more` written before the closing brace, as no serializer would.
    #[must_use]
    pub fn with_raw_member(mut self, more: &str) -> Self {
        self.body.pop();
        self.body.extend_from_slice(format!(",{more}}}").as_bytes());
        self
    }

    /// Half of it, then the connection breaks.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.manner = Manner::Cut;
        self
    }

    /// Half of it, then silence.
    #[must_use]
    pub fn stalled(mut self) -> Self {
        self.manner = Manner::Stalled;
        self
    }

    /// Silence from the beginning.
    #[must_use]
    pub fn never(mut self) -> Self {
        self.manner = Manner::Never;
        self
    }

    /// Not before the gate is open.
    #[must_use]
    pub fn held(mut self, gate: &Gate) -> Self {
        self.manner = Manner::Held(gate.clone());
        self
    }

    pub(super) async fn send(self) -> Response {
        match &self.manner {
            Manner::Never => std::future::pending().await,
            Manner::Held(gate) => gate.passed().await,
            Manner::Whole | Manner::Cut | Manner::Stalled => {}
        }
        let half = Bytes::copy_from_slice(&self.body[..self.body.len() / 2]);
        let first = stream::iter([Ok::<_, io::Error>(half)]);
        let body = match self.manner {
            Manner::Whole | Manner::Never | Manner::Held(_) => Body::from(self.body),
            Manner::Cut => {
                let broken = io::Error::from(io::ErrorKind::ConnectionReset);
                Body::from_stream(first.chain(stream::iter([Err(broken)])))
            }
            Manner::Stalled => Body::from_stream(first.chain(stream::pending())),
        };
        let mut response = Response::builder()
            .status(StatusCode::from_u16(self.status).expect("a status"))
            .header("cache-control", "no-store");
        if !self.headers.iter().any(|(name, _)| *name == "content-type") {
            response = response.header("content-type", "application/json");
        }
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(body).expect("a response")
    }
}
