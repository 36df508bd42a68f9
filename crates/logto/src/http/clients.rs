//! The clients that send requests to Logto.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, retry};
use url::Url;

use super::{Dispatch, Limits};
use crate::error::{Error, ErrorKind};

/// How long connecting may take for a request that does harm if it arrives late. It is added to
/// the time in which the request may be sent.
const PROMPT_CONNECT: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Clients {
    endpoint: Url,
    limits: Limits,
    ordinary: Client,
    /// Made for the first request that needs it: few apps ever send one.
    prompt: OnceLock<Client>,
}

impl Clients {
    /// `endpoint` is where this server reaches Logto.
    pub(super) fn new(endpoint: &Url, limits: Limits) -> Result<Self, Error> {
        let ordinary = built(builder(endpoint, limits))?;
        Ok(Self { endpoint: endpoint.clone(), limits, ordinary, prompt: OnceLock::new() })
    }

    pub(super) fn ordinary(&self) -> &Client {
        &self.ordinary
    }

    /// The client for a request that is sent like this.
    pub(super) fn client_for(&self, dispatch: &Dispatch) -> Result<&Client, Error> {
        if dispatch.deadline().is_none() {
            return Ok(&self.ordinary);
        }
        if let Some(prompt) = self.prompt.get() {
            return Ok(prompt);
        }
        let connect_timeout = self.limits.connect_timeout.min(PROMPT_CONNECT);
        let limits = Limits { connect_timeout, ..self.limits };
        // Nothing may send it again: on another connection it would be later still.
        let once = builder(&self.endpoint, limits).retry(retry::never()).pool_max_idle_per_host(0);
        let prompt = built(once)?;
        Ok(self.prompt.get_or_init(|| prompt))
    }
}

fn builder(endpoint: &Url, limits: Limits) -> ClientBuilder {
    let user_agent = concat!("logto-rust/", env!("CARGO_PKG_VERSION"));
    logto_http::client(endpoint, user_agent, limits.connect_timeout, limits.request_timeout)
}

fn built(builder: ClientBuilder) -> Result<Client, Error> {
    builder.build().map_err(|error| {
        let why = "the HTTP client cannot be set up";
        Error::with_source(ErrorKind::Internal, why, error)
    })
}

#[cfg(test)]
mod tests {
    use openidconnect::http;
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    use super::super::Http;
    use super::*;

    /// The server takes the connection and does not answer the TLS handshake. The clock of the test
    /// goes on by itself while all wait.
    #[tokio::test(start_paused = true)]
    async fn a_request_with_a_deadline_is_not_sent_on_a_connection_that_is_late() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("https://{}/", server.local_addr().unwrap());
        let (url, secret) = (Url::parse(&endpoint).unwrap(), "secret".into());
        let http = Http::new(&url, None, "app", &secret, Limits::default()).unwrap();
        let second = Dispatch::before(Instant::now() + Duration::from_secs(2));
        let rows = [(second, PROMPT_CONNECT), (Dispatch::default(), Duration::from_secs(5))];
        for (dispatch, patience) in rows {
            let request = http::Request::post(&endpoint).body(b"refresh_token=x".to_vec());
            let begun = Instant::now();
            let error = http.call(request.unwrap(), &dispatch).await.unwrap_err();
            assert_eq!(begun.elapsed().as_millis(), patience.as_millis(), "{error}");
            assert!(!super::super::is_answer_lost(&error), "it was never sent: {error}");
            // All that the server ever gets is the handshake's first message.
            let (mut connection, _) = server.accept().await.unwrap();
            let mut received = Vec::new();
            connection.read_to_end(&mut received).await.unwrap();
            let length = usize::from(u16::from_be_bytes([received[3], received[4]]));
            assert_eq!((received[0], received.len()), (0x16, 5 + length));
        }
    }
}
