//! Bytes of cookies, and the cost of writing them.

use std::cell::RefCell;
use std::time::Duration;

use cookie::{Cookie, CookieJar, Key};
use logto::{Clock, Logto, TokenRequest};
use logto_local::TestUser;
use tokio::runtime::Runtime;

use crate::fixture::{API, Fixture, open};
use crate::harness::{Case, measure};
use crate::kept::{Kept, NAME};
use crate::peers::axum::sessions_in_cookies;
use crate::report::{Report, Unit};

/// What a browser keeps in one cookie, its name included.
const ONE_COOKIE: usize = 4096;
/// Organizations of the user who asks for many tokens.
const ORGANIZATIONS: usize = 6;

pub fn run(runtime: &Runtime, report: &mut Report) {
    let member = (0..ORGANIZATIONS).fold(TestUser::new("member"), |user, at| {
        user.with_membership(&organization(at), &format!("Team {at}"), "org-admin")
    });
    let fixture = runtime.block_on(Fixture::new([member.with_role("things-editor")]));
    let logto = fixture.in_cookies();
    let alice = runtime.block_on(fixture.sign_in(&logto, "alice", &Fixture::usual_tokens()));
    let kept = runtime.block_on(Kept::of(&logto, &alice));
    let (_, tower) = runtime.block_on(sessions_in_cookies(kept.clone()));
    let private = private_cookie(&kept).to_string().len();
    let bare = runtime.block_on(fixture.sign_in(&logto, "alice", &[]));
    let bob = runtime.block_on(fixture.sign_in(&logto, "bob", &[]));

    println!("\n### Bytes of the cookie, name included\n\n| session | bytes |\n|---|---:|");
    let ours = alice.header().len();
    println!("| ID token, refresh token, opaque token | {} |", bare.header().len());
    println!("| and two access tokens | {ours} |");
    println!("| the same by cookie's PrivateJar and JSON | {private} |");
    println!("| the same by tower-sessions-cookie-store | {} |", tower.len());
    println!("| a user in 200 organizations, {} cookies | {} |", bob.count(), bob.header().len());
    report.at_most("G4", "bytes of the usual session", ours as f64, 1100.0, Unit::Bytes);
    let fit = runtime.block_on(tokens_that_fit(&fixture, &logto));
    report.at_least(
        "G4",
        "access tokens of differing scopes in one cookie",
        fit as f64,
        11.0,
        Unit::Count,
    );
    save(runtime, report, &fixture, &kept);
}

fn organization(at: usize) -> String {
    format!("team{at:08}")
}

async fn tokens_that_fit(fixture: &Fixture, logto: &Logto) -> usize {
    let scopes = [&["read:things"][..], &["write:things"], &["read:things", "write:things"]];
    let mut cookies = fixture.sign_in(logto, "member", &[]).await;
    let mut fit = 0;
    for at in 0..ORGANIZATIONS {
        for scopes in scopes {
            let token = TokenRequest::resource(API).in_organization(organization(at));
            let token = token.with_scopes(scopes.iter().copied());
            fixture.add_token(logto, &mut cookies, &token).await;
            if cookies.header().len() > ONE_COOKIE {
                return fit;
            }
            fit += 1;
        }
    }
    fit
}

/// The session as JSON in a cookie that the `cookie` crate encrypts.
pub fn private_cookie(kept: &Kept) -> Cookie<'static> {
    let json = serde_json::to_string(kept).expect("JSON");
    let mut jar = CookieJar::new();
    jar.private_mut(&key()).add(Cookie::new(NAME, json));
    jar.get(NAME).expect("the cookie").clone()
}

pub fn open_private(header: &str) -> Kept {
    let mut jar = CookieJar::new();
    for cookie in Cookie::split_parse(header.to_owned()) {
        jar.add_original(cookie.expect("a cookie"));
    }
    let cookie = jar.private(&key()).get(NAME).expect("the cookie");
    serde_json::from_str(cookie.value()).expect("what was kept")
}

fn key() -> Key {
    Key::from(&[7; 64])
}

/// A session that moved on is packed, sealed and written.
fn save(runtime: &Runtime, report: &mut Report, fixture: &Fixture, kept: &Kept) {
    let clock = Clock::system();
    let second = Duration::from_secs(1);
    let config = fixture.config().with_clock(clock.clone());
    let config = config
        .with_idle_lifetime(Duration::from_secs(300 * 24 * 3600))
        .with_session_lifetime(Duration::from_secs(300 * 24 * 3600))
        .with_renewal_interval(second);
    let logto = Logto::new(config).expect("a valid configuration");
    let cookies = runtime.block_on(fixture.sign_in(&logto, "alice", &Fixture::usual_tokens()));
    let header = RefCell::new(cookies.header());
    let still = fixture.in_cookies();
    let measured = measure(vec![
        Case::asynchronous("open", runtime, async || {
            open(&still, &header.borrow()).await.take_cookies().await
        }),
        Case::asynchronous("open and save", runtime, async || {
            clock.advance(second);
            let lines = open(&logto, &header.borrow()).await.take_cookies().await;
            assert!(!lines.is_empty(), "nothing was saved");
        }),
        Case::new("save with cookie's PrivateJar and JSON", || private_cookie(kept)),
    ]);
    report.table("Saving a session", &measured);
    let ours = measured.added("open and save", "open");
    report.at_most("G9", "session save", ours, 1500.0, Unit::Nanoseconds);
    let peer = measured.median("save with cookie's PrivateJar and JSON");
    let what = "times less than PrivateJar and JSON";
    report.at_least("G9", what, peer / ours, 2.7, Unit::Times);
}
