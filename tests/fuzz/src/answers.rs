//! What a hostile provider answers: discovery documents, key sets, token responses, tokens.

use std::time::Duration;

use logto::TokenRequest;
use logto::resource_server::Api;
use logto::web::{Reply, Request, Route};
use serde_json::json;

use crate::app::{API, APP_ID, App, Begun, Loop};
use crate::checks::{check, check_page};
use crate::provider::{Answer, ENDPOINT, Endpoint, KID, Provider};
use crate::text::{fill, lossy, parts};
use crate::{Outcome, Target};

/// A word, then what is answered. `discovery` and `keys`: a document. `token`, `refresh` and
/// `userinfo`: a status, headers, and a body. `id`, `access`: header and payload of a token, which
/// is signed. `raw`: an access token as it is.
#[derive(Debug)]
pub struct Answers {
    runtime: Loop,
    fixture: Fixture,
}

#[derive(Debug)]
struct Fixture {
    app: App,
    api: Api,
    /// Knows nothing of its provider yet.
    newcomer: App,
    count: u64,
}

/// Longer than any document is kept, and than a key is not looked for again.
const LATER: Duration = Duration::from_secs(30);
/// Anywhere: a document says where.
const ANYWHERE: [&str; 2] = ["http:/", "https:/"];

impl Fixture {
    /// What the words of an input stand for. Its document may name the key of this very input.
    fn words<'a>(&'a self) -> impl FnMut(&str) -> Option<String> + 'a {
        let (now, kid) = (self.app.clock.now(), self.kid());
        let provider = &self.app.provider;
        move |word| {
            Some(match word {
                "now" => now.to_string(),
                "later" => (now + 3600).to_string(),
                "iss" => provider.issuer(),
                "aud" => APP_ID.to_owned(),
                "api" => API.to_owned(),
                "kid" => KID.to_owned(),
                "newkid" => kid.clone(),
                "jwk" => provider.key().jwk(&kid).to_string(),
                "nonce" => provider.nonce(),
                "idtoken" => provider.id_token(),
                _ => return None,
            })
        }
    }

    fn kid(&self) -> String {
        format!("key-{}", self.count)
    }

    fn filled(&self, part: &[u8]) -> String {
        fill(&lossy(part), self.words())
    }

    async fn answer(&mut self, word: &[u8], rest: &[u8]) -> Outcome {
        self.count += 1;
        self.app.clock.advance(LATER);
        let [first, second] = parts(rest);
        match word {
            b"discovery" => self.discovery(rest).await,
            b"keys" => self.keys(rest).await,
            b"access" => self.access(&self.filled(first), &self.filled(second)).await,
            b"id" => {
                let begun = self.app.begin().await;
                let (header, payload) = (self.filled(first), self.filled(second));
                let token = self.app.provider.key().sign(header.as_bytes(), payload.as_bytes());
                self.app.provider.issue(token);
                self.complete(&begun).await
            }
            b"token" => {
                let begun = self.app.begin().await;
                self.app.provider.tell(Endpoint::Token, self.told(rest));
                self.complete(&begun).await
            }
            b"refresh" => self.page(Endpoint::Token, rest).await,
            b"userinfo" => self.page(Endpoint::UserInfo, rest).await,
            _ => self.verify(&self.filled(rest)).await,
        }
    }

    /// A status and headers, and a body. What makes a client wait for more is left out.
    fn told(&self, rest: &[u8]) -> Answer {
        let [head, body] = parts(rest);
        let head = lossy(head);
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.trim().parse().ok());
        let status = status.filter(|status| (200..600).contains(status)).unwrap_or(200);
        let mut headers = String::new();
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let name = name.trim().to_ascii_lowercase();
            let is_framing = ["content-length", "transfer-encoding", "connection", "upgrade"];
            if !is_framing.contains(&name.as_str()) {
                headers.push_str(&format!("{name}: {}\r\n", value.trim()));
            }
        }
        Answer { status, headers, body: self.filled(body).into_bytes() }
    }

    async fn discovery(&mut self, document: &[u8]) -> Outcome {
        let newcomer = &mut self.newcomer;
        newcomer.clock.advance(LATER);
        let body =
            fill(&lossy(document), |word| (word == "iss").then(|| newcomer.provider.issuer()));
        newcomer.provider.tell(Endpoint::Discovery, document_of(body));
        let request = Request::new("GET", "/sign-in", [("accept", "text/html")]);
        let seen = check(newcomer.logto.handle(Route::SignIn, request).await, &ANYWHERE);
        newcomer.provider.clear_faults();
        if seen.status == 303 {
            newcomer.forget();
        }
        Outcome::of(seen.status == 303)
    }

    async fn keys(&self, document: &[u8]) -> Outcome {
        self.app.provider.tell(Endpoint::Keys, document_of(self.filled(document)));
        let now = self.app.clock.now();
        let header = json!({ "alg": "ES256", "kid": self.kid(), "typ": "at+jwt" });
        let payload = json!({ "iss": self.app.provider.issuer(), "aud": API, "sub": "alice",
            "iat": now, "exp": now + 3600, "client_id": "c", "jti": "j", "scope": "" });
        let outcome = self.access(&header.to_string(), &payload.to_string()).await;
        self.app.provider.clear_faults();
        outcome
    }

    async fn access(&self, header: &str, payload: &str) -> Outcome {
        let key = self.app.provider.key();
        self.verify(&key.sign(header.as_bytes(), payload.as_bytes())).await
    }

    async fn verify(&self, token: &str) -> Outcome {
        match self.api.verify(token).await {
            Ok(claims) => {
                let _ = format!("{claims:?}");
                Outcome::Accepted
            }
            Err(error) => {
                let _ = format!("{error} {error:?}");
                check_page(Reply::from(error), &ANYWHERE);
                Outcome::Refused
            }
        }
    }

    async fn complete(&self, begun: &Begun) -> Outcome {
        let seen = self.app.return_from(begun).await;
        self.app.provider.clear_faults();
        Outcome::of(seen.status == 303 && seen.cookies.len() > 1)
    }

    /// A page that asks for something while this is answered.
    async fn page(&self, endpoint: Endpoint, answer: &[u8]) -> Outcome {
        let cookies = self.app.sign_in().await;
        self.app.provider.tell(endpoint, self.told(answer));
        let headers = [("accept", "text/html"), ("cookie", cookies.as_str())];
        let context = self.app.logto.context(Request::new("GET", "/page", headers));
        let outcome = match endpoint {
            Endpoint::UserInfo => context.fetch_user_info().await.map(drop),
            _ => context.access_token(TokenRequest::resource(API)).await.map(drop),
        };
        let _ = context.take_cookies().await;
        self.app.provider.clear_faults();
        outcome.map_or_else(
            |error| {
                let _ = format!("{error} {error:?}");
                check_page(Reply::from(error), &[ENDPOINT]);
                Outcome::Refused
            },
            |()| Outcome::Accepted,
        )
    }
}

impl Target for Answers {
    const NAME: &str = "answers";

    fn start() -> Self {
        let runtime = Loop::new();
        let fixture = runtime.run(async {
            let provider = Provider::start().await;
            let app = App::new(&provider, |config| config);
            let api = app.logto.api(API).expect("an API");
            let newcomer = App::new(&provider, |config| config);
            Fixture { app, api, newcomer, count: 0 }
        });
        Self { runtime, fixture }
    }

    fn run(&mut self, input: &[u8]) -> Outcome {
        let [word, rest] = parts(input);
        self.runtime.run(self.fixture.answer(word, rest))
    }
}

/// A document as the provider sends it.
fn document_of(body: String) -> Answer {
    Answer { status: 200, headers: String::new(), body: body.into_bytes() }
}
