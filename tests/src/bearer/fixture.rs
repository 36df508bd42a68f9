//! A provider and, for each framework, a server with the protected API.

use logto::Clock;
use logto::resource_server::{Api, ApiConfig};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::{Adapter, METADATA_SCOPES, Token, adapters};
use crate::conformance::Server;
use crate::hostile::Provider;

/// The API's resource indicator.
pub const RESOURCE: &str = "https://api.example.test";
/// The application that tokens are issued to.
pub const CLIENT: &str = "8s6wye3gb7dq9a4n54lsn";
/// An organization.
pub const ORGANIZATION: &str = "wpmklpcc20gc";

/// One provider and an API at it, behind every adapter.
pub struct Fixture {
    /// The provider.
    pub provider: Provider,
    /// The clock of provider and APIs.
    pub clock: Clock,
    servers: Vec<(Adapter, Server)>,
    client: reqwest::Client,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The status.
    pub status: u16,
    /// `WWW-Authenticate`, or nothing.
    pub challenge: String,
    /// Other headers that matter to a client.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Fixture {
    /// A fixture with the usual configuration.
    pub async fn new() -> Self {
        Self::with(|config| config).await
    }

    /// The same with another configuration of the API.
    ///
    /// # Panics
    ///
    /// If the configuration is wrong.
    pub async fn with(configure: impl Fn(ApiConfig) -> ApiConfig) -> Self {
        let clock = Clock::system();
        // Tolerances are tested to the second.
        clock.stop();
        let provider = Provider::start(clock.clone()).await;
        Self::at(provider, clock, configure).await
    }

    /// The same with a provider that is there already.
    ///
    /// # Panics
    ///
    /// If the configuration is wrong.
    pub async fn at(
        provider: Provider,
        clock: Clock,
        configure: impl Fn(ApiConfig) -> ApiConfig,
    ) -> Self {
        let mut servers = Vec::new();
        for adapter in adapters() {
            let config = ApiConfig::new(RESOURCE)
                .with_resource_metadata(METADATA_SCOPES)
                .with_clock(clock.clone());
            let api = Api::new(provider.endpoint(), configure(config)).expect("a configuration");
            servers.push((adapter, (adapter.serve)(api).await));
        }
        Self { provider, clock, servers, client: reqwest::Client::new() }
    }

    /// A good token of alice.
    #[must_use]
    pub fn token(&self) -> Token {
        let issuer = self.provider.issuer();
        Token::new(&self.provider.key(), &issuer, self.clock.now())
    }

    /// The answer of every adapter to a request, in which all have to agree.
    ///
    /// # Panics
    ///
    /// If they do not.
    pub async fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Seen {
        let mut answers = Vec::new();
        for (adapter, server) in &self.servers {
            answers.push((adapter.name, self.ask_one(server, path, headers).await));
        }
        let (first, seen) = answers.swap_remove(0);
        for (name, other) in answers {
            assert_eq!(other, seen, "{name} and {first} differ at {path}");
        }
        seen
    }

    /// The same with a bearer token.
    pub async fn ask_with(&self, path: &str, token: &str) -> Seen {
        let authorization = format!("Bearer {token}");
        self.ask(path, &[("authorization", &authorization)]).await
    }

    async fn ask_one(&self, server: &Server, path: &str, headers: &[(&str, &str)]) -> Seen {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            // Bytes that are not ASCII are sent as they are.
            let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
            map.append(name, value);
        }
        let url = format!("http://{}{path}", server.address);
        let request = self.client.get(url).headers(map);
        let response = request.send().await.expect("the server answers");
        let header = |name| {
            let values = response.headers().get_all(name).into_iter();
            let values = values.map(|value| value.to_str().expect("text"));
            values.collect::<Vec<_>>().join(" | ")
        };
        let others = ["retry-after", "cache-control", "access-control-allow-origin"];
        Seen {
            status: response.status().as_u16(),
            challenge: header("www-authenticate"),
            headers: others.map(|name| (name, header(name))).to_vec(),
            body: response.text().await.expect("a body"),
        }
    }

    /// Where the API of each framework listens.
    #[must_use]
    pub fn addresses(&self) -> Vec<(&'static str, std::net::SocketAddr)> {
        let servers = self.servers.iter();
        servers.map(|(adapter, server)| (adapter.name, server.address)).collect()
    }
}

impl std::fmt::Debug for Fixture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fixture").field("provider", &self.provider).finish_non_exhaustive()
    }
}
