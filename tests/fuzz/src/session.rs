//! Cookies, and what is sealed in them and in the store.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use logto::TokenRequest;
use logto::storage::{Entry, Expect, Storage, StorageError, Version, async_trait};
use logto::web::{Reply, Request, Route, SessionState};

use crate::app::{APP_ID, App, COOKIE_SECRET, Loop};
use crate::checks::check_page;
use crate::provider::{ENDPOINT, Provider};
use crate::seal::{Purpose, Seal};
use crate::text::{chunks, lossy};
use crate::{Outcome, Target};

/// A byte that says what follows: a `Cookie` header as it is, or the insides of a session's cookie,
/// of its pointer, of a sign-in's state and its browser's cookie, or of what frames and windows
/// hold. What is left over are the insides of the store's entries.
#[derive(Debug)]
pub struct Session {
    runtime: Loop,
    app: App,
    seal: Arc<Seal>,
    told: Arc<Told>,
    /// The names of the sign-in's cookies, without their last letter.
    sign_in: String,
}

const SESSION: &str = "__Host-session";
const FRAME_KEY: &str = "__Host-session_frame_key";
const FRAME_SESSION: &str = "__Host-session_frame";
const WINDOW: &str = "__Host-session_window";
/// A hundred years: no seed grows old.
const LONG: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
const CHUNK: usize = 3900;

impl Session {
    /// A session of the SDK's own making, for a seed: the inside of its cookie.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn packed(&self) -> Vec<u8> {
        self.runtime.run(async {
            let cookies = self.app.sign_in().await;
            let mut pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
            let (_, value) = pairs.find(|(name, _)| *name == SESSION).expect("a session");
            let sealed = value.strip_prefix('1').expect("a session in one cookie");
            self.seal.open(Purpose::Session, SESSION, sealed).expect("a session that opens")
        })
    }

    /// The cookies of an input, and what its address asks for.
    fn cookies<'a>(
        &self,
        kind: u8,
        parts: &mut impl Iterator<Item = &'a [u8]>,
    ) -> (String, Vec<u8>) {
        let mut seal =
            |purpose, name: &str| self.seal.text(purpose, name, parts.next().unwrap_or_default());
        match kind {
            b's' => (chunked(&seal(Purpose::Session, SESSION)), Vec::new()),
            b'p' => (format!("{SESSION}=0{}", seal(Purpose::Pointer, SESSION)), Vec::new()),
            b't' => {
                let name = format!("{}0", self.sign_in);
                let state = seal(Purpose::SignIn, "state=");
                let cookie = format!("{name}={}", seal(Purpose::SignIn, &name));
                (cookie, format!("state={state}").into_bytes())
            }
            b'f' => {
                let request = seal(Purpose::Frame, "request=");
                let code = seal(Purpose::Frame, "code=");
                let key = format!("{FRAME_KEY}={}", seal(Purpose::Frame, FRAME_KEY));
                let window = format!("{WINDOW}={}", seal(Purpose::Frame, WINDOW));
                (format!("{key}; {window}"), format!("request={request}&code={code}").into_bytes())
            }
            _ => (lossy(parts.next().unwrap_or_default()).into_owned(), Vec::new()),
        }
    }

    async fn open_page(&self, cookies: &str) -> Outcome {
        let headers = [("accept", "text/html"), ("cookie", cookies)];
        let context = self.app.logto.context(Request::new("GET", "/page", headers));
        let state = context.session_state().await;
        let addresses = [ENDPOINT];
        if let Ok(Some(user)) = context.maybe_user().await {
            let claims = user.claims();
            let _ = (user.name(), user.email(), user.picture(), &claims.sub, user.sub());
            let _ = (user.current_organization_id(), user.authenticated_at());
            // What the list knows may be of no use.
            let _ = user.sessions().await;
        }
        if let Err(error) = context.access_token(TokenRequest::opaque()).await {
            check_page(Reply::from(error), &addresses);
        }
        let _ = context.take_cookies().await;
        Outcome::of(state.is_ok_and(|state| state == SessionState::SignedIn))
    }

    /// The requests that a sign-in and a frame make.
    async fn open_routes(&self, kind: u8, cookies: &str, address: &str) -> Outcome {
        let page = [("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("cookie", cookies)];
        let own = [("origin", "https://app.example"), ("sec-fetch-site", "same-origin")];
        let headers = [&page[..], &own].concat();
        if kind == b't' {
            let seen = self.app.handle(
                Route::Callback,
                Request::new("GET", &format!("/callback?error=access_denied&{address}"), headers),
            );
            return Outcome::of(seen.await.status == 303);
        }
        let target = format!("/sign-in/frame?{address}");
        let mut is_accepted = false;
        for (method, body) in [("GET", ""), ("POST", ""), ("POST", address)] {
            let request = Request::new(method, &target, headers.clone()).with_body(body);
            let seen = self.app.handle(Route::Frame, request).await;
            is_accepted |= seen.status < 400;
        }
        let framed = cookies.replace(FRAME_KEY, FRAME_SESSION);
        is_accepted |= self.open_page(&framed).await == Outcome::Accepted;
        Outcome::of(is_accepted)
    }
}

impl Target for Session {
    const NAME: &str = "session";

    fn start() -> Self {
        let runtime = Loop::new();
        let (app, seal, told, sign_in) = runtime.run(async {
            let provider = Provider::start().await;
            let seal = Arc::new(Seal::new(COOKIE_SECRET, &provider.issuer(), APP_ID));
            let told = Arc::new(Told { seal: Arc::clone(&seal), entries: Mutex::default() });
            let app = App::new(&provider, |config| {
                config
                    .with_base_url("https://app.example")
                    .with_frame_ancestors(["https://huggingface.co"])
                    .with_partitioned_cookies()
                    .with_session_lifetime(LONG)
                    .with_session_cache_bytes(4 << 20)
                    .with_storage(Arc::clone(&told))
                    .with_sessions_in_cookies()
            });
            let browser = app.begin().await.browser;
            let name = browser.split('=').next().unwrap_or_default();
            let sign_in = name.get(..name.len() - 1).unwrap_or_default().to_owned();
            (app, seal, told, sign_in)
        });
        Self { runtime, app, seal, told, sign_in }
    }

    fn run(&mut self, input: &[u8]) -> Outcome {
        let Some((&kind, rest)) = input.split_first() else {
            return Outcome::Refused;
        };
        let mut parts = chunks(rest);
        let (cookies, address) = self.cookies(kind, &mut parts);
        self.told.tell(parts.map(<[u8]>::to_vec).collect());
        let outcome = self.runtime.run(async {
            let page = self.open_page(&cookies).await;
            if address.is_empty() {
                return page;
            }
            self.open_routes(kind, &cookies, &lossy(&address)).await
        });
        self.told.tell(Vec::new());
        outcome
    }
}

/// The cookies of a sealed session, in as many chunks as it takes.
fn chunked(sealed: &str) -> String {
    let count = (sealed.len() + 1).div_ceil(CHUNK);
    let value = format!("{count}{sealed}");
    let chunks = value.as_bytes().chunks(CHUNK).enumerate();
    let cookie = |(at, chunk): (usize, &[u8])| match at {
        0 => format!("{SESSION}={}", lossy(chunk)),
        _ => format!("{SESSION}.{at}={}", lossy(chunk)),
    };
    chunks.map(cookie).collect::<Vec<_>>().join("; ")
}

/// A store that has what it is told under whatever key, sealed for that.
struct Told {
    seal: Arc<Seal>,
    entries: Mutex<Vec<Vec<u8>>>,
}

impl Told {
    fn tell(&self, entries: Vec<Vec<u8>>) {
        *self.entries.lock().unwrap_or_else(PoisonError::into_inner) = entries;
    }
}

#[async_trait]
impl Storage for Told {
    async fn get(&self, keys: &[&str]) -> Result<Vec<Option<Entry>>, StorageError> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = |(at, key): (usize, &&str)| {
            let value = entries.get(at).filter(|value| !value.is_empty())?;
            let sealed = self.seal.bytes(Purpose::Record, key, value);
            Some(Entry::new(sealed, Version::from_number(1)))
        };
        Ok(keys.iter().enumerate().map(entry).collect())
    }

    async fn put(&self, _: &str, _: Entry, _: Expect, _: Duration) -> Result<bool, StorageError> {
        Ok(true)
    }

    async fn remove(&self, _: &str, _: Option<Version>) -> Result<bool, StorageError> {
        Ok(true)
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Told").finish_non_exhaustive()
    }
}
