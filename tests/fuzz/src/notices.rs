//! What Logto posts: logout tokens and webhooks.

use std::time::Duration;

use aws_lc_rs::hmac;
use logto::storage::MemoryStorage;
use logto::web::{Request, Route};

use crate::app::{APP_ID, App, Loop};
use crate::provider::{KID, Provider};
use crate::text::{fill, lossy, parts};
use crate::{Outcome, Target};

/// A word, then what it says: `token` with header and payload of a logout token, which is signed;
/// `form` with a body as it is; `webhook` with a body, which is signed; `unsigned` with signature
/// and body.
#[derive(Debug)]
pub struct Notices {
    runtime: Loop,
    app: App,
    count: u64,
}

const SIGNING_KEY: &str = "tDxH2xGdr7rzqvR5SqMMChaOmi7p58ey";

impl Notices {
    fn words<'a>(&'a self) -> impl FnMut(&str) -> Option<String> + 'a {
        let now = self.app.clock.now();
        move |word| {
            Some(match word {
                "now" => now.to_string(),
                "later" => (now + 120).to_string(),
                "iss" => self.app.provider.issuer(),
                "aud" => APP_ID.to_owned(),
                "kid" => KID.to_owned(),
                // Each is taken once.
                "jti" => self.count.to_string(),
                "time" => iso(now),
                _ => return None,
            })
        }
    }

    async fn post(&self, route: Route, kind: (&str, &str), body: &[u8]) -> Outcome {
        let request = Request::new("POST", route.path(), [kind]).with_body(body);
        let seen = self.app.handle(route, request).await;
        self.app.logto.drain(Duration::from_secs(5)).await;
        Outcome::of(seen.status == 200)
    }
}

impl Target for Notices {
    const NAME: &str = "notices";

    fn start() -> Self {
        let runtime = Loop::new();
        let app = runtime.run(async {
            let storage = MemoryStorage::new().with_capacity(2000);
            App::new(&Provider::start().await, |config| {
                config
                    .with_storage(storage)
                    .with_webhook_signing_key(SIGNING_KEY)
                    .with_sign_out_on_password_reset()
                    .with_webhook_handler(async |_| Ok(()))
            })
        });
        Self { runtime, app, count: 0 }
    }

    fn run(&mut self, input: &[u8]) -> Outcome {
        self.count += 1;
        let [word, first, second] = parts(input);
        let form = ("content-type", "application/x-www-form-urlencoded");
        self.runtime.run(async {
            match word {
                b"token" => {
                    let header = fill(&lossy(first), self.words());
                    let payload = fill(&lossy(second), self.words());
                    let key = self.app.provider.key();
                    let token = key.sign(header.as_bytes(), payload.as_bytes());
                    let body = format!("logout_token={token}");
                    self.post(Route::BackChannelLogout, form, body.as_bytes()).await
                }
                b"webhook" => {
                    let body = fill(&lossy(first), self.words());
                    let key = hmac::Key::new(hmac::HMAC_SHA256, SIGNING_KEY.as_bytes());
                    let tag = hmac::sign(&key, body.as_bytes());
                    let tag: String =
                        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
                    let signature = ("logto-signature-sha-256", tag.as_str());
                    self.post(Route::Webhooks, signature, body.as_bytes()).await
                }
                b"unsigned" => {
                    let tag = lossy(first);
                    self.post(Route::Webhooks, ("logto-signature-sha-256", &tag), second).await
                }
                _ => self.post(Route::BackChannelLogout, form, first).await,
            }
        })
    }
}

/// A time as Logto writes it; the day is far enough for what is checked here.
fn iso(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Howard Hinnant's `civil_from_days`, for days after 1970.
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let day = day - (153 * shifted + 2) / 5 + 1;
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
}
