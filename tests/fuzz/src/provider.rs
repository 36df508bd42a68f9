//! A provider in this process, on the thread of the app: a request takes no longer than a system
//! call or two. It is honest, but for the answer that it is told to give.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::rc::Rc;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;
use url::form_urlencoded;

use crate::app::APP_ID;
use crate::key::Key;

/// What a request was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    Discovery,
    Keys,
    Token,
    UserInfo,
    Revocation,
    Other,
}

/// An answer, headers and body.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Lines, each with its end.
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn json(status: u16, body: &Value) -> Self {
        let headers = "content-type: application/json\r\n".to_owned();
        Self { status, headers, body: body.to_string().into_bytes() }
    }
}

/// The provider. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Provider(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    address: String,
    key: Key,
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    told: HashMap<Endpoint, Answer>,
    /// The nonce of the sign-in that a code comes from.
    nonce: String,
    id_token: Option<String>,
    now: u64,
}

/// Its name, which seeds may contain.
pub(crate) const ENDPOINT: &str = "https://tenant.example";
/// The id of the key.
pub(crate) const KID: &str = "first";
/// What every sign-in brings.
pub(crate) const CODE: &str = "a-code-of-the-provider";
const REFRESH_TOKEN: &str = "cmVmcmVzaC10b2tlbi1vZi10aGUtZmFrZS1wcm92aWRlcg";
const ACCESS_TOKEN: &str = "YWNjZXNzLXRva2VuLW9mLXRoZS1mYWtlLXByb3ZpZGVy";

impl Provider {
    /// Starts it. It has to be within a `LocalSet`.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let address = format!("http://127.0.0.1:{port}");
        let provider =
            Self(Rc::new(Shared { address, key: Key::new(), state: RefCell::default() }));
        let this = provider.clone();
        spawn_local(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let this = this.clone();
                // A client that goes away ends its connection.
                spawn_local(async move { drop(this.serve(connection).await) });
            }
        });
        provider
    }

    /// Where the app reaches it, by which no one else knows it.
    pub(crate) fn address(&self) -> &str {
        &self.0.address
    }

    pub(crate) fn issuer(&self) -> String {
        format!("{ENDPOINT}/oidc")
    }

    pub(crate) fn key(&self) -> &Key {
        &self.0.key
    }

    /// Gives this answer at an endpoint until [`clear_faults`](Self::clear_faults).
    pub(crate) fn tell(&self, endpoint: Endpoint, answer: Answer) {
        self.0.state.borrow_mut().told.insert(endpoint, answer);
    }

    /// Is honest again.
    pub(crate) fn clear_faults(&self) {
        let mut state = self.0.state.borrow_mut();
        state.told.clear();
        state.id_token = None;
    }

    /// Answers the next code with an ID token of this nonce, or with this ID token.
    pub(crate) fn expect(&self, nonce: &str, now: u64) {
        let mut state = self.0.state.borrow_mut();
        nonce.clone_into(&mut state.nonce);
        state.now = now;
    }

    pub(crate) fn nonce(&self) -> String {
        self.0.state.borrow().nonce.clone()
    }

    pub(crate) fn issue(&self, id_token: String) {
        self.0.state.borrow_mut().id_token = Some(id_token);
    }

    /// The honest discovery document.
    pub(crate) fn discovery(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer());
        json!({
            "issuer": self.issuer(), "authorization_endpoint": at("/auth"),
            "token_endpoint": at("/token"), "jwks_uri": at("/jwks"),
            "userinfo_endpoint": at("/me"), "revocation_endpoint": at("/token/revocation"),
            "end_session_endpoint": at("/session/end"),
            "authorization_response_iss_parameter_supported": true,
        })
    }

    /// The honest ID token.
    pub(crate) fn id_token(&self) -> String {
        let state = self.0.state.borrow();
        let claims = json!({
            "sub": "alice", "name": "Alice Example", "username": null, "sid": "a-session-at-logto",
            "nonce": state.nonce, "aud": APP_ID, "iat": state.now, "exp": state.now + 3600,
            "iss": self.issuer(), "auth_time": state.now, "organizations": ["org"],
        });
        let header = json!({ "alg": "ES256", "kid": KID });
        self.0.key.sign(header.to_string().as_bytes(), claims.to_string().as_bytes())
    }

    fn answer(&self, endpoint: Endpoint, body: &[u8]) -> Answer {
        if let Some(told) = self.0.state.borrow().told.get(&endpoint) {
            return told.clone();
        }
        match endpoint {
            Endpoint::Discovery => Answer::json(200, &self.discovery()),
            Endpoint::Keys => Answer::json(200, &json!({ "keys": [self.0.key.jwk(KID)] })),
            Endpoint::Token => self.tokens(body),
            Endpoint::UserInfo => Answer::json(200, &json!({ "sub": "alice" })),
            Endpoint::Revocation => Answer::json(200, &json!({})),
            Endpoint::Other => Answer::json(404, &json!({ "error": "not_found" })),
        }
    }

    fn tokens(&self, body: &[u8]) -> Answer {
        let sent = |wanted: &str| {
            form_urlencoded::parse(body)
                .any(|(name, value)| name == wanted && (value == CODE || value == REFRESH_TOKEN))
        };
        if !sent("code") && !sent("refresh_token") {
            return Answer::json(400, &json!({ "error": "invalid_grant" }));
        }
        let told = self.0.state.borrow().id_token.clone();
        let id_token = told.unwrap_or_else(|| self.id_token());
        Answer::json(
            200,
            &json!({
                "access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600,
                "refresh_token": REFRESH_TOKEN, "id_token": id_token,
                "scope": "openid offline_access profile",
            }),
        )
    }

    async fn serve(&self, mut connection: TcpStream) -> std::io::Result<()> {
        connection.set_nodelay(true)?;
        let mut input = Vec::new();
        loop {
            let (endpoint, head, length) = loop {
                if let Some(found) = head(&input) {
                    break found;
                }
                if connection.read_buf(&mut input).await? == 0 {
                    return Ok(());
                }
            };
            while input.len() < head + length {
                if connection.read_buf(&mut input).await? == 0 {
                    return Ok(());
                }
            }
            let answer = self.answer(endpoint, input.get(head..head + length).unwrap_or_default());
            input.drain(..head + length);
            let status = answer.status;
            let start = format!("HTTP/1.1 {status} Told\r\n{}", answer.headers);
            let length = format!("content-length: {}\r\n\r\n", answer.body.len());
            let whole = [start.as_bytes(), length.as_bytes(), &answer.body].concat();
            connection.write_all(&whole).await?;
        }
    }
}

/// Where a request goes, the length of its head and of its body, once the head is there.
fn head(input: &[u8]) -> Option<(Endpoint, usize, usize)> {
    let end = input.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(input.get(..end)?).ok()?.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    let path = head.split(' ').nth(1)?.split('?').next()?;
    let endpoint = match path {
        "/oidc/.well-known/openid-configuration" => Endpoint::Discovery,
        "/oidc/jwks" => Endpoint::Keys,
        "/oidc/token" => Endpoint::Token,
        "/oidc/me" => Endpoint::UserInfo,
        "/oidc/token/revocation" => Endpoint::Revocation,
        _ => Endpoint::Other,
    };
    Some((endpoint, end, length))
}
