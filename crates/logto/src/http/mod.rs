//! HTTP to Logto: bounded in time and size, no redirects, errors that tell an outage from a
//! refusal.

mod account;
mod clients;
mod dispatch;
mod endpoint;
mod failure;
mod queue;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use openidconnect::{HttpRequest, HttpResponse, http};
use secrecy::{ExposeSecret, SecretString};
use tracing::{Instrument, debug_span};
use url::{Url, form_urlencoded};

use crate::error::{Error, ErrorKind, printable};
use crate::metrics;
use crate::tasks::ClientRuntime;
use clients::Clients;
use failure::{error_response, invalid_client, secrets_of, unreachable};

pub(crate) use account::{AccountRequest, Verb};
pub(crate) use dispatch::{Dispatch, Validity};
pub(crate) use endpoint::Endpoint;
pub(crate) use failure::{CredentialNames, is_answer_lost};
use queue::Queue;

/// Time-outs, sizes and number of requests to Logto.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) connect_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) max_response_bytes: usize,
    pub(crate) max_concurrent: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(10),
            max_response_bytes: 1024 * 1024,
            max_concurrent: 32,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Http {
    clients: Clients,
    app_id: String,
    names: CredentialNames,
    app_secret: SecretString,
    /// Id and secret as they travel after `Basic`.
    basic: SecretString,
    max_response_bytes: usize,
    queue: Queue,
    runtime: ClientRuntime,
    /// What addresses of Logto begin with for others, and for this server.
    internal: Option<(String, String)>,
}

impl Http {
    /// A client for Logto at `endpoint`. What is below it is reached below `internal`, if there is
    /// such an address.
    pub(crate) fn new(
        endpoint: &Url,
        internal: Option<&Url>,
        app_id: &str,
        app_secret: &SecretString,
        limits: Limits,
    ) -> Result<Self, Error> {
        let below = |url: &Url| format!("{}/", url.as_str().trim_end_matches('/'));
        Ok(Self {
            // What is on this machine is not asked for through a proxy.
            clients: Clients::new(internal.unwrap_or(endpoint), limits)?,
            app_id: app_id.to_owned(),
            names: CredentialNames { app_id: "LOGTO_APP_ID", app_secret: "LOGTO_APP_SECRET" },
            app_secret: app_secret.clone(),
            basic: logto_http::basic(app_id, app_secret.expose_secret()).into(),
            max_response_bytes: limits.max_response_bytes,
            queue: Queue::new(limits.max_concurrent, limits.request_timeout),
            runtime: ClientRuntime::current(),
            internal: internal.map(|internal| (below(endpoint), below(internal))),
        })
    }

    /// The same client, whose errors name these settings instead of the variables of the web app.
    pub(crate) fn with_names(mut self, names: CredentialNames) -> Self {
        self.names = names;
        self
    }

    fn reached<'a>(&self, url: &'a str) -> Cow<'a, str> {
        let internal = self.internal.as_ref();
        let moved =
            internal.and_then(|(from, to)| Some([to, url.strip_prefix(from.as_str())?].concat()));
        moved.map_or(Cow::Borrowed(url), Cow::Owned)
    }

    /// The address for others of what Logto names by its internal one: its discovery document
    /// names what it was reached by.
    pub(crate) fn published(&self, url: Url) -> Url {
        let without_scheme = |text: &str| text.split_once("://").map(|(_, rest)| rest.to_owned());
        let below = self.internal.as_ref().and_then(|(public, internal)| {
            if url.as_str().starts_with(public.as_str()) {
                return None;
            }
            let (url, internal) = (without_scheme(url.as_str())?, without_scheme(internal)?);
            Url::parse(&[public, url.strip_prefix(&internal)?].concat()).ok()
        });
        below.unwrap_or(url)
    }

    /// The body of a successful GET.
    pub(crate) async fn get(
        &self,
        endpoint: Endpoint,
        url: &Url,
        bearer: Option<&str>,
    ) -> Result<Vec<u8>, Error> {
        let mut request = self
            .clients
            .ordinary()
            .get(&*self.reached(url.as_str()))
            .header("accept", "application/json");
        if let Some(token) = bearer {
            request = request.bearer_auth(token);
        }
        self.send(endpoint, request, bearer.as_slice(), &Dispatch::default()).await
    }

    /// The body of a successful POST of a form, authenticated as the app.
    pub(crate) async fn post_form(
        &self,
        endpoint: Endpoint,
        url: &Url,
        form: &[(&str, &str)],
    ) -> Result<Vec<u8>, Error> {
        let request = self
            .clients
            .ordinary()
            .post(&*self.reached(url.as_str()))
            .header("authorization", format!("Basic {}", self.basic.expose_secret()))
            .form(form);
        let secrets = secrets_of(form.iter().copied());
        self.send(endpoint, request, &secrets, &Dispatch::default()).await
    }

    /// Sends a token request that `openidconnect` prepared.
    pub(crate) async fn call(
        &self,
        request: HttpRequest,
        dispatch: &Dispatch,
    ) -> Result<HttpResponse, Error> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string();
        let form: Vec<_> = form_urlencoded::parse(&body).into_owned().collect();
        let secrets = secrets_of(form.iter().map(|(name, value)| (&**name, &**value)));
        let request = self
            .clients
            .client_for(dispatch)?
            .request(parts.method, &*self.reached(&url))
            .headers(parts.headers)
            .body(body);
        let body = self.send(Endpoint::Token, request, &secrets, dispatch).await?;
        Ok(http::Response::new(body))
    }

    /// Where a GET of an address with a query of ours leads to, `None` if it leads nowhere.
    pub(crate) async fn redirect(&self, url: &Url) -> Result<Option<Url>, Error> {
        let _turn = self.queue.turn(&Dispatch::default()).await?;
        let request = self.clients.ordinary().get(&*self.reached(url.as_str()));
        let exchange = answered(Endpoint::Authorization, request);
        let response = self.runtime.within(exchange).await?;
        let location = response.headers().get("location").and_then(|value| value.to_str().ok());
        Ok(location.and_then(|location| url.join(location).ok()))
    }

    /// The body of a success. `secrets` are cut out of what Logto says about a failure.
    async fn send(
        &self,
        endpoint: Endpoint,
        request: reqwest::RequestBuilder,
        secrets: &[&str],
        dispatch: &Dispatch,
    ) -> Result<Vec<u8>, Error> {
        // Until the answer is read. The time-outs of the request begin after the wait.
        let _turn = self.queue.turn(dispatch).await?;
        let exchange = async {
            let response = answered(endpoint, request).await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            Ok::<_, Error>((status, headers, self.body(response).await?))
        };
        // The connection may be used again, and must not end with the runtime of this request.
        let (status, headers, body) = self.runtime.within(exchange).await?;
        let kind = match status {
            200 => return Ok(body),
            201 | 204 if matches!(endpoint, Endpoint::Account) => return Ok(body),
            _ if logto_http::cannot_serve(status) => ErrorKind::Unreachable,
            400.. => ErrorKind::Refused,
            _ => {
                let mut why = format!(
                    "Logto answered with status {status}, which is neither success nor error"
                );
                let location = headers.get("location").and_then(|value| value.to_str().ok());
                if let Some(location) = location {
                    // Without its query, which may repeat what was sent.
                    let location = location.split('?').next().unwrap_or_default();
                    why = format!("{why}: it leads to {}", printable(location));
                }
                return Err(Error::new(ErrorKind::InvalidResponse, why));
            }
        };
        let ours = [self.app_secret.expose_secret(), self.basic.expose_secret()];
        let response = error_response(status, &headers, &body, &[secrets, &ours].concat());
        match invalid_client(&response, &self.app_id, self.names) {
            Some(why) => Err(Error::invalid_client(why, response)),
            None => Err(Error::from_response(kind, response)),
        }
    }

    async fn body(&self, response: reqwest::Response) -> Result<Vec<u8>, Error> {
        let most = self.max_response_bytes;
        let body = logto_http::body(response, most).await.map_err(unreachable)?;
        let why = || format!("Logto's answer is longer than {most} bytes");
        body.ok_or_else(|| Error::new(ErrorKind::InvalidResponse, why()))
    }
}

/// Sends the request and waits for the head of the answer.
async fn answered(
    endpoint: Endpoint,
    request: reqwest::RequestBuilder,
) -> Result<reqwest::Response, Error> {
    let endpoint = endpoint.name();
    let begun = Instant::now();
    let answer = request.send().instrument(debug_span!("request", endpoint)).await;
    let status = answer.as_ref().ok().map(|response| response.status().as_u16());
    metrics::request(endpoint, status, begun.elapsed());
    answer.map_err(unreachable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_endpoint_are_reached_internally() {
        let url = |text: &str| Url::parse(text).unwrap();
        let public = url("https://auth.example/logto");
        let limits = Limits::default();
        let at = |internal| {
            Http::new(&public, Some(&url(internal)), "app", &"secret".into(), limits).unwrap()
        };
        let http = at("http://logto:3001/");
        for (address, reached) in [
            ("https://auth.example/logto/oidc/token", "http://logto:3001/oidc/token"),
            ("https://auth.example/logtoo/token", "https://auth.example/logtoo/token"),
            ("https://elsewhere.example/token", "https://elsewhere.example/token"),
        ] {
            assert_eq!(http.reached(address), reached);
        }
        for (named, published) in [
            ("http://logto:3001/oidc/auth", "https://auth.example/logto/oidc/auth"),
            ("https://logto:3001/oidc/auth", "https://auth.example/logto/oidc/auth"),
            ("http://logto:3002/oidc/auth", "http://logto:3002/oidc/auth"),
            ("https://auth.example/logto/oidc/auth", "https://auth.example/logto/oidc/auth"),
        ] {
            assert_eq!(http.published(url(named)).as_str(), published);
        }
        let http = at("http://auth.example");
        let named = url("https://auth.example/logto/oidc/auth");
        assert_eq!(http.published(named.clone()), named);
    }
}
