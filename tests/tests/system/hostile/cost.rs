//! What input costs grows with its size, not with the square of its size.
//!
//! What is measured is the processor time of the test's thread, on which the app and its provider
//! run. It is no time of day: other processes and waiting do not count. Steps cannot be counted in
//! the parsers of other crates, and allocations do not show a loop that only compares. Four times
//! the input may cost eight times as much, where a loop in a loop costs sixteen times as much.

use std::collections::BTreeSet;
use std::time::Duration;

use logto::resource_server::Api;
use logto::web::{Request, Route};
use logto_tests::bearer::{RESOURCE, Token};
use logto_tests::hostile::{Answer, Browser, Endpoint, Fixture, IdToken, Key, NAVIGATION, each};
use logto_tests::webhook::{SIGNING_KEY, Webhook};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};

/// Bytes of input. Each is four times the one before.
const SIZES: [usize; 3] = [16 * 1024, 64 * 1024, 256 * 1024];
/// For each size; the cheapest counts, as interrupts and cold caches only add.
const RUNS: usize = 2;
const MOST_GROWTH: u32 = 8;
/// Below this nothing is told apart. A loop in a loop over these sizes takes many times as long.
const NOISE: Duration = Duration::from_millis(5);

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.try_into().unwrap()
}

/// The processor time of a future whose tasks run on this thread.
async fn cost_of(work: impl Future) -> Duration {
    let before = processor_time();
    work.await;
    processor_time() - before
}

async fn assert_linear(name: &str, cost: impl AsyncFn(usize) -> Duration) {
    let mut costs = [Duration::MAX; SIZES.len()];
    let largest = SIZES[SIZES.len() - 1];
    if cost(largest).await <= NOISE {
        // Nothing grows, as what is too long is refused at once.
        return;
    }
    for (size, least) in SIZES.into_iter().zip(&mut costs) {
        for _ in 0..RUNS {
            *least = cost(size).await.min(*least);
        }
    }
    for pair in costs.windows(2) {
        assert!(pair[1] <= pair[0] * MOST_GROWTH + NOISE, "{name}: {costs:?} for {SIZES:?}");
    }
}

/// A piece again and again, numbered where it says `#`.
fn fill(piece: &str, size: usize) -> String {
    if !piece.contains('#') {
        return piece.repeat(size.div_ceil(piece.len()));
    }
    let mut text = String::with_capacity(size + piece.len());
    for number in 0.. {
        if text.len() >= size {
            break;
        }
        text.push_str(&piece.replace('#', &number.to_string()));
    }
    text
}

/// Where a request may go: to a page, or to a route of the SDK.
fn places() -> impl Iterator<Item = Option<Route>> {
    [None].into_iter().chain(Route::ALL.iter().copied().map(Some))
}

async fn assert_request_is_linear(
    fixture: &Fixture,
    name: &str,
    place: Option<Route>,
    request: impl Fn(usize) -> Request,
) {
    assert_linear(&format!("{name} at {place:?}"), async |size| {
        let request = request(size);
        match place {
            None => {
                let page = fixture.logto.context(request);
                cost_of(async { (page.maybe_user().await.is_ok(), page.take_cookies().await) })
                    .await
            }
            Some(route) => cost_of(fixture.logto.handle(route, request)).await,
        }
    })
    .await;
}

/// `GET` for pages, `POST` for what only takes that.
fn request(place: Option<Route>, query: &str, more: &[(&str, &str)]) -> Request {
    let (method, path) = match place {
        None => ("GET", "/page"),
        Some(route @ (Route::SignOut | Route::BackChannelLogout | Route::Webhooks)) => {
            ("POST", route.path())
        }
        Some(route) => ("GET", route.path()),
    };
    let headers = [&NAVIGATION[..], more].concat();
    Browser::default().request(method, &format!("{path}{query}"), &headers)
}

/// The names of all cookies that the SDK sets.
async fn cookie_names(fixture: &mut Fixture) -> BTreeSet<String> {
    fixture.sign_in_as("alice").await;
    let mut names: BTreeSet<_> = fixture.browser.cookies().iter().map(|(n, _)| n.clone()).collect();
    fixture.begin("/sign-in").await;
    names.extend(fixture.browser.cookies().iter().map(|(name, _)| name.clone()));
    assert!(names.len() >= 2, "{names:?}");
    names
}

#[tokio::test]
async fn cookies() {
    let mut fixture = Fixture::new().await;
    for name in cookie_names(&mut fixture).await {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        for piece in [
            format!("{name}=x; "),
            format!("{name}=; "),
            format!("{stem}#=x; "),
            format!("{name}.#=AAAA; "),
            format!("{name}-#=AAAA; "),
            format!("{stem}abcdefghijklmnopqr#=AAAA; "),
            format!("{name}={}; ", "A".repeat(400)),
        ] {
            for place in places() {
                assert_request_is_linear(&fixture, &piece, place, |size| {
                    request(place, "", &[("cookie", &fill(&piece, size))])
                })
                .await;
            }
        }
        let value = |size| format!("{name}={}", fill("A", size));
        assert_request_is_linear(&fixture, "a long value", None, |size| {
            request(None, "", &[("cookie", &value(size))])
        })
        .await;
    }
    for piece in ["a#=b; ", ";", "=", "; ", "\"", "a=\"b#\"; "] {
        assert_request_is_linear(&fixture, piece, None, |size| {
            request(None, "", &[("cookie", &fill(piece, size))])
        })
        .await;
    }
}

#[tokio::test]
async fn parameters() {
    let fixture = Fixture::new().await;
    let pieces = [
        "code=x&", "state=x&", "error=x&", "a#=b&", "&", "=", "%41", "%", "+", "%2F..", "/a/..",
        "//", "%5C", "a", "%C3", "?",
    ];
    for place in [None, Some(Route::SignIn), Some(Route::Callback)] {
        for before in ["?", "?code=x&state=", "?return_to=/", "?return_to=%2F", "?error=a&state="] {
            for piece in pieces {
                let name = format!("{before}{piece}");
                assert_request_is_linear(&fixture, &name, place, |size| {
                    request(place, &format!("{before}{}", fill(piece, size)), &[])
                })
                .await;
            }
        }
    }
}

#[tokio::test]
async fn headers() {
    let fixture = Fixture::new().await;
    for name in Request::HEADERS.iter().filter(|name| **name != "cookie") {
        for piece in
            ["a", "de-#;q=0.5,", ",", ";", "a.", " ", "text/html,", "Bearer ", "/", "\u{e9}"]
        {
            for place in [None, Some(Route::SignIn)] {
                assert_request_is_linear(&fixture, &format!("{name}: {piece}"), place, |size| {
                    let value = fill(piece, size);
                    let mut headers = NAVIGATION.to_vec();
                    headers.retain(|(known, _)| known != name);
                    headers.push((name, &value));
                    let path = place.map_or("/page", Route::path);
                    Browser::default().request("GET", path, &headers)
                })
                .await;
            }
        }
    }
}

#[tokio::test]
async fn bodies() {
    let fixture = Fixture::with(|config| config.with_webhook_signing_key(SIGNING_KEY)).await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for piece in ["logout_token=a&", "a#=b&", "%41", "a.", "+"] {
        assert_request_is_linear(&fixture, piece, Some(Route::BackChannelLogout), |size| {
            let place = Some(Route::BackChannelLogout);
            request(place, "", &form).with_body(format!("logout_token={}", fill(piece, size)))
        })
        .await;
    }
    for piece in [r#""member#":1,"#, r#""a":1,"#, r#""a#":{"b":[{}]},"#, r#""\u0041#":"\n","#] {
        assert_request_is_linear(&fixture, piece, Some(Route::Webhooks), |size| {
            let members = fill(piece, size);
            let now = fixture.clock.now() * 1000;
            let webhook = Webhook::new("User.Data.Updated", now, members.trim_end_matches(','));
            let signature = [("logto-signature-sha-256", webhook.signature.as_str())];
            request(Some(Route::Webhooks), "", &signature).with_body(webhook.body)
        })
        .await;
    }
    for piece in ["[", "{\"a\":", "\"", "\\"] {
        assert_request_is_linear(&fixture, piece, Some(Route::Webhooks), |size| {
            let webhook = Webhook::signed(SIGNING_KEY, fill(piece, size));
            let signature = [("logto-signature-sha-256", webhook.signature.as_str())];
            request(Some(Route::Webhooks), "", &signature).with_body(webhook.body)
        })
        .await;
    }
}

/// Names for as many bytes of JSON.
fn names(size: usize) -> Vec<String> {
    (0..size / 16).map(|number| format!("name-{number:07}")).collect()
}

fn members(size: usize) -> Value {
    let members = names(size / 2).into_iter().map(|name| (name, json!(["a", 1])));
    Value::Object(Map::from_iter(members))
}

#[tokio::test]
async fn access_tokens() {
    let fixture = Fixture::new().await;
    let api = Api::new(fixture.provider.endpoint(), RESOURCE).unwrap();
    let token =
        || Token::new(&fixture.provider.key(), &fixture.provider.issuer(), fixture.clock.now());
    assert!(api.verify(&token().sign()).await.is_ok());
    let rows: &[(&str, fn(Token, usize) -> String)] = &[
        ("letters", |_, size| fill("a", size)),
        ("dots", |_, size| fill("a.", size)),
        ("audiences", |token, size| token.with("aud", names(size)).sign()),
        ("scopes", |token, size| token.with("scope", names(size).join(" ")).sign()),
        ("claims", |token, size| token.with("more", members(size)).sign()),
        ("header", |token, size| token.with_header("more", members(size)).sign()),
        ("brackets", |token, size| token.with_payload(fill("[", size)).sign()),
        ("one claim", |token, size| {
            token.with_payload(format!("{{{}\"a\":1}}", fill("\"sub\":\"a\",", size))).sign()
        }),
    ];
    each(rows.iter().copied(), async |make| {
        // What is longer is refused at once: so these are smaller by what they are allowed to be.
        for divisor in [1, 32] {
            assert_linear("a token", async |size| {
                let token = make(token(), size / divisor);
                cost_of(api.verify(&token)).await
            })
            .await;
        }
    })
    .await;
}

/// The cost of a sign-in and of a page after it, at a provider that was bent.
async fn sign_in(bend: impl FnOnce(&Fixture)) -> Duration {
    let mut fixture = Fixture::new().await;
    bend(&fixture);
    let cost = cost_of(async {
        fixture.sign_in().await;
        drop(fixture.page().maybe_user().await);
    });
    cost.await
}

#[tokio::test]
async fn answers_of_the_provider() {
    let rows: &[(&str, Endpoint, fn(Answer, usize) -> Answer)] = &[
        ("scopes_supported", Endpoint::Discovery, |a, size| a.set("scopes_supported", names(size))),
        ("members", Endpoint::Discovery, |a, size| a.set("more", members(size))),
        ("members", Endpoint::Token, |a, size| a.set("more", members(size))),
        ("scope", Endpoint::Token, |a, size| a.set("scope", names(size).join(" "))),
        ("refresh_token", Endpoint::Token, |a, size| a.set("refresh_token", fill("a.-", size))),
        ("access_token", Endpoint::Token, |a, size| a.set("access_token", fill("a.", size))),
        ("id_token", Endpoint::Token, |a, size| a.set("id_token", fill("a.", size))),
        ("error", Endpoint::Token, |_, size| Answer::error(400, &fill("a ", size))),
    ];
    each(rows.iter().map(|(name, at, bend)| (*name, (*at, *bend))), async |(at, bend)| {
        let cost = async |size| {
            sign_in(|fixture| fixture.provider.bend(at, move |answer, _| bend(answer, size))).await
        };
        assert_linear("a sign-in", cost).await;
    })
    .await;
}

#[tokio::test]
async fn id_tokens() {
    let rows: &[(&str, fn(&mut IdToken, usize))] = &[
        ("claims", |token, size| token.claim("more", members(size))),
        ("audiences", |token, size| token.claim("aud", names(size))),
        ("organizations", |token, size| token.claim("organizations", names(size))),
        ("roles", |token, size| token.claim("organization_roles", names(size))),
        ("name", |token, size| token.claim("name", fill("é\\", size))),
        ("header", |token, size| token.head("more", members(size))),
        ("one claim", |token, size| token.raw_claim(fill("\"a\":1,", size).trim_end_matches(','))),
    ];
    each(rows.iter().copied(), async |bend| {
        let cost = async |size| {
            sign_in(|fixture| fixture.provider.bend_token(move |token| bend(token, size))).await
        };
        assert_linear("a sign-in", cost).await;
    })
    .await;
}

#[tokio::test]
async fn key_sets() {
    for same_id in [false, true] {
        assert_linear("a sign-in", async |size| {
            let cost = sign_in(|fixture| {
                let own = fixture.provider.key();
                let jwk = Key::es384("filler").jwk();
                let count = size / jwk.to_string().len();
                let fillers = (0..count).map(|number| {
                    let mut jwk = jwk.clone();
                    jwk["kid"] =
                        if same_id { own.kid.clone().into() } else { format!("k{number}").into() };
                    jwk
                });
                fixture.provider.publish(fillers.chain([own.jwk()]));
            });
            cost.await
        })
        .await;
    }
}
