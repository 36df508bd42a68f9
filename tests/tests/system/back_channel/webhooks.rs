//! Webhooks: whose sessions end, on which instances, what the app gets, and what is refused.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use logto::web::{Route, SessionState};
use logto::webhooks::{Delivery, Event};
use logto::{Logto, LogtoConfig};
use logto_local::LocalTenant;
use logto_management::Management;
use logto_tests::eventually;
use logto_tests::hostile::{Backend, Browser, Endpoint, Fixture, Trouble, each};
use logto_tests::webhook::{SIGNING_KEY, Webhook};
use tokio::net::TcpListener;

const SECOND: Duration = Duration::from_secs(1);
const OTHER_KEY: &str = "d4kX6GuK1XdMyzXwAIHtOXVdatzUQPp9";

type Seen = Arc<Mutex<Vec<Delivery>>>;

/// An app that takes webhooks, and what its handler got.
async fn fixture(backend: Backend) -> (Fixture, Seen) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let configure = move |config: LogtoConfig| {
        config.with_webhook_signing_key(SIGNING_KEY).with_webhook_handler(move |delivery| {
            kept.lock().unwrap().push(delivery);
            async { Ok(()) }
        })
    };
    (Fixture::at(backend, configure).await, seen)
}

fn now(fixture: &Fixture) -> u64 {
    fixture.clock.now() * 1000 + 500
}

async fn send(instance: &Logto, webhook: &Webhook) -> u16 {
    let headers = [("logto-signature-sha-256", webhook.signature.as_str())];
    let request = Browser::default().request("POST", "/webhooks/logto", &headers);
    let request = request.with_body(webhook.body.clone());
    let reply = instance.handle(Route::Webhooks, request).await;
    reply.status()
}

/// What was begun is done.
async fn settle(instance: &Logto) {
    assert_eq!(instance.drain(Duration::from_secs(30)).await, 0);
}

async fn device(fixture: &mut Fixture, user: &str) -> Browser {
    fixture.browser = Browser::default();
    fixture.sign_in_as(user).await;
    fixture.browser.clone()
}

async fn is_signed_in(fixture: &mut Fixture, instance: &Logto, browser: &Browser) -> bool {
    fixture.browser = browser.clone();
    let state = fixture.page_of(instance).session_state().await.unwrap();
    assert!([SessionState::SignedIn, SessionState::Revoked].contains(&state), "{state:?}");
    state == SessionState::SignedIn
}

fn other_instance(fixture: &Fixture, backend: Backend) -> Logto {
    match backend {
        Backend::Cookies => fixture.logto.clone(),
        _ => fixture.instance(),
    }
}

#[tokio::test]
async fn a_suspended_user_is_signed_out_on_every_device_and_instance() {
    each(Backend::ALL, async |backend| {
        let (mut fixture, seen) = fixture(backend).await;
        let other = other_instance(&fixture, backend);
        let (phone, laptop) =
            (device(&mut fixture, "alice").await, device(&mut fixture, "alice").await);
        let bob = device(&mut fixture, "bob").await;
        fixture.clock.advance(SECOND);
        assert_eq!(send(&other, &Webhook::suspended("alice", true, now(&fixture))).await, 200);
        settle(&other).await;
        for instance in [other, fixture.logto.clone()] {
            assert!(!is_signed_in(&mut fixture, &instance, &phone).await);
            assert!(!is_signed_in(&mut fixture, &instance, &laptop).await);
            assert!(is_signed_in(&mut fixture, &instance, &bob).await);
        }
        if backend == Backend::Store {
            assert_eq!(fixture.provider.calls(Endpoint::Revocation).len(), 2);
        }
        assert_eq!(seen.lock().unwrap().len(), 1);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn users_cannot_hide_the_end_of_their_sessions_in_what_they_write() {
    // Logto takes 1 MB of it, and sends numbers like `1e20` in all their digits.
    let long = "[".to_owned() + &"100000000000000000000,".repeat(200_000) + "0]";
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    let written = [nested(126), nested(127), nested(30_000), long];
    let events = ["User.SuspensionStatus.Updated", "User.Deleted"];
    let rows = written.iter().flat_map(|custom| events.map(|event| (custom, event)));
    for (custom, event) in rows {
        let (mut fixture, seen) = fixture(Backend::Cookies).await;
        let browser = device(&mut fixture, "alice").await;
        fixture.clock.advance(SECOND);
        let members = format!(
            r#""params":{{"userId":"alice"}},"data":{{"customData":{custom},"id":"alice","isSuspended":true}}"#
        );
        let webhook = Webhook::new(event, now(&fixture), &members);
        assert!(webhook.body.len() < Route::Webhooks.body_limit());
        assert_eq!(send(&fixture.logto, &webhook).await, 200);
        settle(&fixture.logto).await;
        let instance = fixture.logto.clone();
        assert!(!is_signed_in(&mut fixture, &instance, &browser).await, "{event}");
        assert_eq!(seen.lock().unwrap().len(), 1);
        fixture.finish();
    }
}

#[tokio::test]
async fn what_ends_sessions_and_what_does_not() {
    let rows: [(&str, fn(u64) -> Webhook, bool, bool); 9] = [
        ("suspended", |at| Webhook::suspended("alice", true, at), true, true),
        ("not suspended any more", |at| Webhook::suspended("alice", false, at), false, false),
        (
            "suspended, not said who",
            |at| Webhook::new("User.SuspensionStatus.Updated", at, r#""data":{}"#),
            false,
            false,
        ),
        (
            "suspended or not",
            |at| {
                Webhook::new("User.SuspensionStatus.Updated", at, r#""params":{"userId":"alice"}"#)
            },
            true,
            true,
        ),
        (
            "deleted",
            |at| {
                Webhook::new(
                    "User.Deleted",
                    at,
                    r#""params":{"userId":"alice"},"data":{"id":"alice"}"#,
                )
            },
            true,
            true,
        ),
        (
            "deleted, tested",
            |at| {
                Webhook::new(
                    "User.Deleted",
                    at,
                    r#""path":"/fake-path/:id","params":{"id":"fake-id"},"data":{"result":"success"}"#,
                )
            },
            false,
            false,
        ),
        (
            "changed",
            |at| {
                Webhook::new(
                    "User.Data.Updated",
                    at,
                    r#""params":{"userId":"alice"},"data":{"id":"alice","isSuspended":true}"#,
                )
            },
            false,
            false,
        ),
        (
            "a new password",
            |at| {
                Webhook::new(
                    "PostResetPassword",
                    at,
                    r#""interactionEvent":"ForgotPassword","userId":"alice""#,
                )
            },
            false,
            true,
        ),
        (
            "unknown",
            |at| Webhook::new("User.Exploded", at, r#""params":{"userId":"alice"}"#),
            false,
            false,
        ),
    ];
    each(
        rows.map(|(name, webhook, usual, strict)| (name, (webhook, usual, strict))),
        async |(webhook, usual, strict)| {
            for (is_strict, ends) in [(false, usual), (true, strict)] {
                let (mut fixture, seen) = fixture(Backend::Store).await;
                let alice = device(&mut fixture, "alice").await;
                let instance = match is_strict {
                    true => fixture.changed(LogtoConfig::with_sign_out_on_password_reset),
                    false => fixture.logto.clone(),
                };
                fixture.clock.advance(SECOND);
                assert_eq!(send(&instance, &webhook(now(&fixture))).await, 200);
                settle(&instance).await;
                assert_eq!(is_signed_in(&mut fixture, &instance, &alice).await, !ends);
                assert_eq!(seen.lock().unwrap().len(), 1, "the app gets all of them");
                fixture.finish();
            }
        },
    )
    .await;
}

/// Deliveries overtake each other and may come late.
#[tokio::test]
async fn who_signed_in_since_stays() {
    each(Backend::ALL, async |backend| {
        let (mut fixture, _) = fixture(backend).await;
        let before = device(&mut fixture, "alice").await;
        fixture.clock.advance(SECOND);
        let suspended = Webhook::suspended("alice", true, now(&fixture));
        fixture.clock.advance(SECOND * 2);
        let after = device(&mut fixture, "alice").await;
        let instance = fixture.logto.clone();
        assert_eq!(send(&instance, &suspended).await, 200);
        settle(&instance).await;
        assert!(!is_signed_in(&mut fixture, &instance, &before).await);
        assert!(is_signed_in(&mut fixture, &instance, &after).await);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn a_repeated_one_is_refused_by_every_instance() {
    each(Backend::SHARED, async |backend| {
        let (fixture, seen) = fixture(backend).await;
        let other = fixture.instance();
        let webhook = Webhook::suspended("alice", true, now(&fixture));
        assert_eq!(send(&fixture.logto, &webhook).await, 200);
        // With the other key it is the same.
        let both = fixture.changed(|config| config.with_webhook_signing_key(OTHER_KEY));
        let again = Webhook::signed(OTHER_KEY, webhook.body.clone());
        for (instance, webhook) in [(&fixture.logto, &webhook), (&other, &webhook), (&both, &again)]
        {
            assert_eq!(send(instance, webhook).await, 409);
        }
        // As long as it is young enough to be taken.
        fixture.clock.advance(Duration::from_secs(359));
        assert_eq!(send(&other, &webhook).await, 409);
        settle(&fixture.logto).await;
        assert_eq!(seen.lock().unwrap().len(), 1);
        fixture.finish();
    })
    .await;
}

#[tokio::test]
async fn one_that_comes_at_the_wrong_time_is_refused() {
    let (fixture, seen) = fixture(Backend::Cookies).await;
    for (offset, status) in [
        (-359_000_i64, 200),
        (-362_000, 400),
        (59_000, 200),
        (62_000, 400),
        (-3_600_000, 400),
        (3_600_000, 400),
    ] {
        let at = now(&fixture).saturating_add_signed(offset);
        assert_eq!(
            send(&fixture.logto, &Webhook::suspended("alice", true, at)).await,
            status,
            "{offset}"
        );
    }
    settle(&fixture.logto).await;
    assert_eq!(seen.lock().unwrap().len(), 2);
    fixture.finish();
}

#[tokio::test]
async fn every_flipped_bit_is_refused() {
    let (mut fixture, seen) = fixture(Backend::Cookies).await;
    let alice = device(&mut fixture, "alice").await;
    fixture.clock.advance(SECOND);
    let webhook = Webhook::suspended("alice", true, now(&fixture));
    for bit in 0..webhook.body.len() * 8 {
        let mut flipped = webhook.clone();
        flipped.body[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(send(&fixture.logto, &flipped).await, 401, "body, bit {bit}");
    }
    for bit in 0..webhook.signature.len() * 8 {
        let mut bytes = webhook.signature.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let signature = String::from_utf8_lossy(&bytes).into_owned();
        let flipped = Webhook { signature, ..webhook.clone() };
        assert_eq!(send(&fixture.logto, &flipped).await, 401, "signature, bit {bit}");
    }
    // The adapters leave out a body that is too long.
    let unread = "was not there after 5 seconds";
    assert!(!fixture.log().contains(unread), "{}", fixture.log());
    assert_eq!(send(&fixture.logto, &Webhook { body: Vec::new(), ..webhook.clone() }).await, 401);
    assert!(fixture.log().contains(unread), "{}", fixture.log());
    settle(&fixture.logto).await;
    assert!(seen.lock().unwrap().is_empty());
    let instance = fixture.logto.clone();
    assert!(is_signed_in(&mut fixture, &instance, &alice).await);
    fixture.finish();
}

#[tokio::test]
async fn a_key_is_changed_without_a_gap() {
    let (fixture, _) = fixture(Backend::Cookies).await;
    let both = fixture.changed(|config| config.with_webhook_signing_key(OTHER_KEY));
    for (n, key) in [SIGNING_KEY, OTHER_KEY].into_iter().enumerate() {
        let webhook = Webhook::suspended("alice", true, now(&fixture) + n as u64);
        let webhook = Webhook::signed(key, webhook.body);
        assert_eq!(send(&both, &webhook).await, 200, "{key}");
    }
    let webhook = Webhook::suspended("alice", true, now(&fixture) + 7);
    let unknown = Webhook::signed(OTHER_KEY, webhook.body);
    assert_eq!(send(&fixture.logto, &unknown).await, 401);
    fixture.finish();
}

#[tokio::test]
async fn a_handler_that_fails_or_hangs_changes_nothing_for_logto() {
    for hangs in [false, true] {
        let mut fixture = Fixture::at(Backend::Store, |config| {
            let config = config.with_webhook_signing_key(SIGNING_KEY);
            config.with_webhook_handler(move |_| async move {
                if hangs {
                    std::future::pending::<()>().await;
                }
                Err("the database is away".into())
            })
        })
        .await;
        let alice = device(&mut fixture, "alice").await;
        fixture.clock.advance(SECOND);
        let instance = fixture.logto.clone();
        assert_eq!(send(&instance, &Webhook::suspended("alice", true, now(&fixture))).await, 200);
        eventually("the session to end", async || {
            (!is_signed_in(&mut fixture, &instance, &alice).await).then_some(())
        })
        .await;
        if !hangs {
            settle(&instance).await;
            assert!(fixture.log().contains("the database is away"));
        }
        fixture.finish();
    }
}

/// Logto sends nothing again, so a store that is away must not lose what it said.
#[tokio::test]
async fn a_store_that_is_away_delays_it() {
    let (mut fixture, seen) = fixture(Backend::Store).await;
    let alice = device(&mut fixture, "alice").await;
    fixture.clock.advance(SECOND);
    let webhook = Webhook::suspended("alice", true, now(&fixture));
    fixture.store.fail_with(Trouble::Down);
    let instance = fixture.logto.clone();
    assert_eq!(send(&instance, &webhook).await, 200);
    assert!(seen.lock().unwrap().is_empty());
    fixture.store.recover();
    settle(&instance).await;
    assert!(!is_signed_in(&mut fixture, &instance, &alice).await);
    let seen = seen.lock().unwrap();
    assert!(
        matches!(seen.as_slice(), [one] if matches!(one.event(), Event::UserSuspensionStatusUpdated(_)))
    );
    fixture.finish();
}

/// Whether the store goes away before the delivery is claimed, or after that.
#[tokio::test]
async fn it_is_tried_until_the_store_answers() {
    for well in [0, 1] {
        let (mut fixture, _) = fixture(Backend::Store).await;
        let alice = device(&mut fixture, "alice").await;
        fixture.clock.advance(SECOND);
        let webhook = Webhook::suspended("alice", true, now(&fixture));
        fixture.store.fail_after(Trouble::Down, well);
        let instance = fixture.logto.clone();
        assert_eq!(send(&instance, &webhook).await, 200);
        let again = async || (fixture.store.hits() >= 3).then_some(());
        eventually("attempts in vain", again).await;
        fixture.store.recover();
        settle(&instance).await;
        assert!(!is_signed_in(&mut fixture, &instance, &alice).await, "after {well} calls");
        fixture.finish();
    }
}

/// From the administrator to the page: the tenant tells the app over HTTP, the app signs the user
/// out.
#[tokio::test]
async fn an_administrator_of_the_local_tenant_suspends_a_user() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let tenant = LocalTenant::builder().base_url(&base).webhooks(true).start().await.unwrap();
    let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
        .with_base_url(&base)
        .with_cookie_secret("a cookie secret that is long enough")
        .with_webhook_signing_key(tenant.webhook_signing_key().unwrap());
    let logto = Logto::new(config).unwrap();
    let page = axum::routing::get(async |_: logto_axum::User| "signed in");
    let app = axum::Router::new().route("/page", page).layer(logto_axum::layer(&logto));
    let app = app.merge(logto_axum::routes(&logto));
    tokio::spawn(async move { axum::serve(listener, app).await });

    let visitor = logto_tests::Visitor::new();
    let at_logto = visitor.sent_to(&format!("{base}/sign-in")).await;
    let callback = tenant.sign_in(&at_logto, "alice").await.unwrap();
    visitor.open(&callback).await;
    let page = format!("{base}/page");
    assert_eq!(visitor.status(&page).await, 200);

    let machine = tenant.machine_app();
    let management =
        Management::new(tenant.endpoint(), &machine.app_id, &machine.app_secret).unwrap();
    let users = tenant.users();
    let alice = users.iter().find(|user| user.handle() == "alice").unwrap();
    management.users().set_suspended(alice.id(), true).await.unwrap();
    eventually("the user to be signed out", async || {
        (visitor.status(&page).await == 401).then_some(())
    })
    .await;
}
