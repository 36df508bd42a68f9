//! An OpenID provider on loopback with Logto's paths. Left alone it is honest; every answer and
//! every ID token can be bent.

mod issue;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use logto::Clock;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::{Url, form_urlencoded};

use super::answer::Answer;
use super::gate::Gate;
use super::keys::Key;
use super::token::IdToken;
use crate::eventually;
use issue::Grant;

/// What a request was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/oidc/.well-known/openid-configuration`
    Discovery,
    /// `/oidc/jwks`
    Jwks,
    /// `/oidc/token`
    Token,
    /// `/oidc/me`
    UserInfo,
    /// `/oidc/token/revocation`
    Revocation,
    /// `/oidc/auth`, without a browser.
    Authorization,
    /// Anything else, where no one should ever come.
    Elsewhere,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Call {
    /// Where it went.
    pub endpoint: Endpoint,
    /// Its `Authorization` header.
    pub authorization: String,
    /// Its form, or the query of a GET.
    pub form: HashMap<String, String>,
}

type Bend = Arc<dyn Fn(Answer, &Call) -> Answer + Send + Sync>;
type BendToken = Arc<dyn Fn(&mut IdToken) + Send + Sync>;

/// The provider. It stops with the runtime of the test.
#[derive(Clone)]
pub struct Provider(Arc<Shared>);

struct Shared {
    endpoint: String,
    clock: Clock,
    script: Mutex<Script>,
}

struct Script {
    user: String,
    key: Key,
    published: Vec<Value>,
    rotates: bool,
    bends: HashMap<Endpoint, VecDeque<Bend>>,
    bend_token: Option<BendToken>,
    grants: HashMap<String, Grant>,
    unknown_resources: Vec<String>,
    /// Refresh tokens that were replaced: when, in seconds, and of which sign-in.
    spent: HashMap<String, (u64, u32)>,
    /// For how many seconds a replaced refresh token is taken all the same.
    reuse_window: u64,
    calls: Vec<Call>,
    issued: Vec<String>,
    /// Requests under way, and the most that ever were.
    under_way: (usize, usize),
    count: u32,
}

impl Provider {
    /// Starts an honest provider whose clock is `clock`.
    ///
    /// # Panics
    ///
    /// If it cannot listen.
    pub async fn start(clock: Clock) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let key = Key::es384("first");
        let provider = Self(Arc::new(Shared {
            endpoint: format!("http://127.0.0.1:{port}"),
            clock,
            script: Mutex::new(Script {
                user: "alice".to_owned(),
                published: vec![key.jwk()],
                key,
                rotates: false,
                bends: HashMap::new(),
                bend_token: None,
                grants: HashMap::new(),
                unknown_resources: Vec::new(),
                spent: HashMap::new(),
                reuse_window: 0,
                calls: Vec::new(),
                issued: Vec::new(),
                under_way: (0, 0),
                count: 0,
            }),
        }));
        let router = Router::new().fallback(answer).with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        provider
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its address.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.0.endpoint
    }

    /// Its issuer.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("{}/oidc", self.0.endpoint)
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Bends every answer of an endpoint from now on.
    pub fn bend(
        &self,
        endpoint: Endpoint,
        bend: impl Fn(Answer, &Call) -> Answer + Send + Sync + 'static,
    ) {
        let bends = VecDeque::from([Arc::new(bend) as Bend]);
        self.script().bends.insert(endpoint, bends);
    }

    /// Bends the next answers of an endpoint, one by one; the last bend stays.
    pub fn bend_in_turn(
        &self,
        endpoint: Endpoint,
        bends: impl IntoIterator<Item = fn(Answer) -> Answer>,
    ) {
        let bends =
            bends.into_iter().map(|bend| Arc::new(move |answer, _: &Call| bend(answer)) as Bend);
        self.script().bends.insert(endpoint, bends.collect());
    }

    /// Is honest again.
    pub fn clear_faults(&self) {
        let mut script = self.script();
        script.bends.clear();
        script.bend_token = None;
    }

    /// Bends every ID token from now on.
    pub fn bend_token(&self, bend: impl Fn(&mut IdToken) + Send + Sync + 'static) {
        self.script().bend_token = Some(Arc::new(bend));
    }

    /// The user who signs in next.
    pub fn set_user(&self, user: &str) {
        user.clone_into(&mut self.script().user);
    }

    /// The key that signs; publishing it is another matter.
    #[must_use]
    pub fn key(&self) -> Key {
        self.script().key.clone()
    }

    /// Signs with another key from now on.
    pub fn sign_with(&self, key: &Key) {
        self.script().key = key.clone();
    }

    /// Publishes these keys from now on.
    pub fn publish(&self, keys: impl IntoIterator<Item = Value>) {
        self.script().published = keys.into_iter().collect();
    }

    /// Signs with another key and publishes it alone.
    pub fn rotate_to(&self, key: &Key) {
        self.sign_with(key);
        self.publish([key.jwk()]);
    }

    /// Gives a new refresh token at every refresh. If the old one comes again, all that was issued
    /// for its sign-in ends.
    pub fn rotate_refresh_tokens(&self) {
        self.script().rotates = true;
    }

    /// Takes a replaced refresh token for so many seconds all the same, as Logto does for three.
    pub fn forgive_for(&self, seconds: u64) {
        self.script().reuse_window = seconds;
    }

    /// How many refresh tokens work.
    #[must_use]
    pub fn refresh_tokens(&self) -> usize {
        let script = self.script();
        let tokens = script.grants.keys();
        tokens.filter(|token| token.contains("refresh-token")).count()
    }

    /// Keeps the answers of an endpoint back, after the request was carried out.
    #[must_use]
    pub fn hold(&self, endpoint: Endpoint) -> Gate {
        let gate = Gate::default();
        let held = gate.clone();
        self.bend(endpoint, move |answer, _| answer.held(&held));
        gate
    }

    /// Waits until an endpoint has had so many requests.
    pub async fn has_been_called(&self, endpoint: Endpoint, times: usize) {
        eventually("requests to the provider", async || {
            (self.calls(endpoint).len() >= times).then_some(())
        })
        .await;
    }

    /// Does not know these API resources from now on.
    pub fn forget_resources(&self, resources: &[&str]) {
        self.script().unknown_resources = resources.iter().map(ToString::to_string).collect();
    }

    /// Forgets every code and refresh token.
    pub fn revoke_everything(&self) {
        self.script().grants.clear();
    }

    /// The requests to an endpoint so far.
    #[must_use]
    pub fn calls(&self, endpoint: Endpoint) -> Vec<Call> {
        let script = self.script();
        let calls = script.calls.iter();
        calls.filter(|call| call.endpoint == endpoint).cloned().collect()
    }

    /// The most requests that were ever under way at once.
    #[must_use]
    pub fn most_under_way(&self) -> usize {
        self.script().under_way.1
    }

    /// Every code and token that was given out.
    #[must_use]
    pub fn issued(&self) -> Vec<String> {
        self.script().issued.clone()
    }

    /// Signs the user in who follows `authorize`, without a page: the code of the callback.
    ///
    /// # Panics
    ///
    /// If the request lacks a parameter that Logto demands.
    #[must_use]
    pub fn grant(&self, authorize: &Url) -> String {
        let parameters: HashMap<_, _> = authorize.query_pairs().into_owned().collect();
        let mut script = self.script();
        let grant = Grant {
            family: script.count,
            user: script.user.clone(),
            nonce: parameters["nonce"].clone(),
            challenge: parameters["code_challenge"].clone(),
            redirect_uri: parameters["redirect_uri"].clone(),
        };
        script.give("code", Some(grant))
    }

    fn discovery(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.issuer());
        json!({
            "issuer": self.issuer(),
            "authorization_endpoint": at("/auth"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"),
            "userinfo_endpoint": at("/me"),
            "revocation_endpoint": at("/token/revocation"),
            "end_session_endpoint": at("/session/end"),
            "authorization_response_iss_parameter_supported": true,
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["ES384"],
        })
    }

    fn honest(&self, call: &Call) -> Answer {
        match call.endpoint {
            Endpoint::Discovery => Answer::json(&self.discovery()),
            Endpoint::Jwks => Answer::json(&json!({ "keys": self.script().published })),
            Endpoint::Token => self.token(call),
            Endpoint::UserInfo => self.user_info(call),
            Endpoint::Revocation => self.revocation(call),
            Endpoint::Authorization => self.without_a_browser(call),
            Endpoint::Elsewhere => Answer::error(404, "not_found"),
        }
    }

    /// No one is signed in, which an unknown resource keeps from being noticed.
    fn without_a_browser(&self, call: &Call) -> Answer {
        let parameter = |name| call.form.get(name).map(String::as_str).unwrap_or_default();
        let resource = parameter("resource");
        let is_unknown = self.script().unknown_resources.iter().any(|name| name == resource);
        let error = match parameter("prompt") {
            _ if is_unknown => "invalid_target",
            "none" => "login_required",
            _ => return Answer::redirect(303, "/sign-in"),
        };
        let (to, state) = (parameter("redirect_uri"), parameter("state"));
        Answer::redirect(303, &format!("{to}?error={error}&state={state}"))
    }

    fn next_bend(&self, endpoint: Endpoint) -> Option<Bend> {
        let mut script = self.script();
        let bends = script.bends.get_mut(&endpoint)?;
        if bends.len() > 1 { bends.pop_front() } else { bends.front().cloned() }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Provider").field(&self.0.endpoint).finish()
    }
}

/// A request under way, until it is answered or its client goes away.
struct UnderWay(Provider);

impl UnderWay {
    fn new(provider: &Provider) -> Self {
        let (now, most) = &mut provider.script().under_way;
        *now += 1;
        *most = (*most).max(*now);
        Self(provider.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.script().under_way.0 -= 1;
    }
}

async fn answer(State(provider): State<Provider>, request: Request) -> Response {
    let _under_way = UnderWay::new(&provider);
    let endpoint = match request.uri().path() {
        "/oidc/.well-known/openid-configuration" => Endpoint::Discovery,
        "/oidc/jwks" => Endpoint::Jwks,
        "/oidc/token" => Endpoint::Token,
        "/oidc/me" => Endpoint::UserInfo,
        "/oidc/token/revocation" => Endpoint::Revocation,
        "/oidc/auth" => Endpoint::Authorization,
        _ => Endpoint::Elsewhere,
    };
    let authorization = request.headers().get("authorization");
    let authorization = authorization.and_then(|value| value.to_str().ok());
    let authorization = authorization.unwrap_or_default().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = to_bytes(request.into_body(), 64 * 1024).await;
    let body = body.unwrap_or_default();
    let pairs = |bytes| form_urlencoded::parse(bytes).into_owned();
    let form = pairs(query.as_bytes()).chain(pairs(&body));
    let call = Call { endpoint, authorization, form: form.collect() };
    provider.script().calls.push(call.clone());
    let honest = provider.honest(&call);
    match provider.next_bend(endpoint) {
        Some(bend) => bend(honest, &call).send().await,
        None => honest.send().await,
    }
}
