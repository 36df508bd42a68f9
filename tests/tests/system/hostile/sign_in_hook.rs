//! The app's hook at sign-in: who is let in, where they go on to, and what becomes of its failures.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use logto::web::{Reply, Route};
use logto::{LogtoConfig, PendingSignIn, SignInDecision};
use logto_tests::hostile::{Backend, Endpoint, Fixture, NAVIGATION, Seen, Trouble, each};

type Decision = Result<SignInDecision, Box<dyn std::error::Error + Send + Sync>>;

/// An app whose hook decides so, and how often it was called.
async fn fixture(decide: fn() -> Decision) -> (Fixture, Arc<Mutex<u32>>) {
    fixture_at(Backend::Cookies, decide).await
}

async fn fixture_at(backend: Backend, decide: fn() -> Decision) -> (Fixture, Arc<Mutex<u32>>) {
    let calls = Arc::<Mutex<u32>>::default();
    let counted = Arc::clone(&calls);
    let hook = move |_: PendingSignIn| {
        *counted.lock().unwrap() += 1;
        async move { decide() }
    };
    (Fixture::at(backend, |config| config.with_sign_in_hook(hook)).await, calls)
}

/// The answer to a callback, which may be an error of the app.
async fn sign_in(fixture: &mut Fixture) -> Seen {
    let authorize = fixture.begin("/sign-in?return_to=/home").await;
    let callback = fixture.callback(&authorize);
    load(fixture, &callback).await
}

async fn load(fixture: &mut Fixture, callback: &str) -> Seen {
    let request = fixture.browser.request("GET", callback, &NAVIGATION);
    let reply: Reply = fixture.logto.handle(Route::Callback, request).await;
    let seen = Seen::new(reply);
    fixture.browser.keep(&seen.cookies);
    seen
}

#[tokio::test]
async fn it_decides_who_is_let_in_and_where_they_go() {
    let rows: [(&str, fn() -> Decision, u16, &str, bool); 10] = [
        ("let in", || Ok(SignInDecision::admit()), 303, "/home", true),
        (
            "let in, elsewhere",
            || Ok(SignInDecision::admit_to("/welcome?a=b")),
            303,
            "/welcome?a=b",
            true,
        ),
        (
            "let in, by a whole address",
            || Ok(SignInDecision::admit_to("http://localhost:3000/welcome")),
            303,
            "/welcome",
            true,
        ),
        ("refused", || Ok(SignInDecision::refuse("<b>No.</b>")), 403, "", false),
        ("refused, elsewhere", || Ok(SignInDecision::refuse_to("/no")), 303, "/no", false),
        (
            "let in, to another site",
            || Ok(SignInDecision::admit_to("https://evil.example/")),
            500,
            "",
            false,
        ),
        (
            "let in, to another host",
            || Ok(SignInDecision::admit_to("//evil.example")),
            500,
            "",
            false,
        ),
        (
            "refused, to another site",
            || Ok(SignInDecision::refuse_to("https://evil.example/")),
            500,
            "",
            false,
        ),
        ("failed", || Err("the database is away".into()), 500, "", false),
        ("panicked", || panic!("the hook panics on purpose"), 500, "", false),
    ];
    each(
        rows.map(|(name, decide, status, page, is_in)| (name, (decide, status, page, is_in))),
        async |row| {
            let (decide, status, page, is_in) = row;
            for (_, backend) in Backend::ALL {
                let (mut fixture, calls) = fixture_at(backend, decide).await;
                let seen = sign_in(&mut fixture).await;
                assert_eq!((seen.status, seen.location()), (status, page), "{seen:?}");
                assert_eq!(fixture.user().await.as_deref(), is_in.then_some("alice"));
                assert_eq!(*calls.lock().unwrap(), 1);
                if status == 403 {
                    assert!(seen.body.contains("&lt;b&gt;No.&lt;/b&gt;"), "{seen:?}");
                    // The way on does not bring the same user back.
                    assert!(seen.body.contains("max_age=0"), "{seen:?}");
                }
                // There is nothing left of a sign-in that was refused or failed.
                fixture.logto.drain(Duration::from_secs(30)).await;
                let revoked = fixture.provider.calls(Endpoint::Revocation).len();
                assert_eq!(revoked, usize::from(!is_in));
                fixture.finish();
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_session_that_is_there_stays_whatever_the_hook_says() {
    for decide in [
        || Ok(SignInDecision::refuse("No.")),
        || Ok(SignInDecision::refuse_to("/no")),
        || -> Decision { Err("no".into()) },
    ] {
        let (mut fixture, _) = fixture(decide).await;
        let hooked = fixture.logto.clone();
        // Alice signed in before there was a hook.
        fixture.logto = fixture
            .changed(|config| config.with_sign_in_hook(async |_| Ok(SignInDecision::admit())));
        fixture.sign_in_as("alice").await;
        fixture.logto = hooked;
        fixture.provider.set_user("bob");
        sign_in(&mut fixture).await;
        assert_eq!(fixture.user().await.as_deref(), Some("alice"));
        fixture.finish();
    }
}

/// Logto can give both sign-ins to the same grant, which a revocation would end.
#[tokio::test]
async fn a_hook_that_fails_ends_no_session_of_the_same_user() {
    let (mut fixture, _) = fixture(|| Err("the database is away".into())).await;
    let hooked = fixture.logto.clone();
    fixture.logto =
        fixture.changed(|config| config.with_sign_in_hook(async |_| Ok(SignInDecision::admit())));
    fixture.sign_in_as("alice").await;
    fixture.logto = hooked;
    assert_eq!(sign_in(&mut fixture).await.status, 500);
    fixture.logto.drain(Duration::from_secs(30)).await;
    assert_eq!(fixture.provider.calls(Endpoint::Revocation).len(), 0);
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));
    fixture.finish();
}

#[tokio::test]
async fn it_knows_who_it_is_and_where_they_go() {
    each(Backend::ALL, async |backend| {
        let told = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&told);
        let hook = move |sign_in: PendingSignIn| {
            let kept = Arc::clone(&kept);
            async move {
                let info = sign_in.fetch_user_info().await?;
                let others = sign_in.count_other_sessions().await?;
                kept.lock().unwrap().push(format!(
                    "{} {} {} {:?} {others:?}",
                    sign_in.sub(),
                    info.sub,
                    sign_in.return_to(),
                    sign_in.claims().name,
                ));
                Ok(SignInDecision::admit())
            }
        };
        let configure =
            |config: LogtoConfig| config.with_after_sign_in("/start").with_sign_in_hook(hook);
        let mut fixture = Fixture::at(backend, configure).await;
        fixture.sign_in_as("alice").await;
        fixture.browser = Default::default();
        let authorize = fixture.begin("/sign-in").await;
        assert_eq!(fixture.open(&fixture.callback(&authorize)).await.location(), "/start");
        // Cookies beside a store are listed there.
        let others = |known: &str| {
            if backend == Backend::Cookies { "None".to_owned() } else { known.to_owned() }
        };
        let name = "Some(\"alice Example\")";
        assert_eq!(
            *told.lock().unwrap(),
            [
                format!("alice alice /home {name} {}", others("Some(0)")),
                format!("alice alice /start {name} {}", others("Some(1)")),
            ]
        );
        fixture.finish();
    })
    .await;
}

/// Users load a callback twice, and the store may be away when the hook has answered.
#[tokio::test]
async fn it_is_called_once_for_each_sign_in() {
    let (mut fixture, calls) =
        fixture_at(Backend::Store, || Ok(SignInDecision::admit_to("/welcome"))).await;
    let authorize = fixture.begin("/sign-in?return_to=/home").await;
    let callback = fixture.callback(&authorize);
    let before = fixture.browser.clone();
    // The replay guard is written, then the store is away.
    fixture.store.fail_after(Trouble::Down, 1);
    assert_eq!(load(&mut fixture, &callback).await.status, 503);
    assert_eq!(*calls.lock().unwrap(), 1);
    fixture.store.recover();
    for _ in 0..2 {
        fixture.browser = before.clone();
        let seen = load(&mut fixture, &callback).await;
        assert_eq!((seen.status, seen.location()), (303, "/welcome"), "{seen:?}");
    }
    assert_eq!(*calls.lock().unwrap(), 1);
    assert_eq!(fixture.user().await.as_deref(), Some("alice"));
    fixture.logto.drain(Duration::from_secs(30)).await;
    assert_eq!(fixture.provider.calls(Endpoint::Revocation).len(), 0);
    fixture.finish();
}

#[tokio::test]
async fn a_failure_is_final_and_logged() {
    let (mut fixture, calls) = fixture(|| Err("the database is away".into())).await;
    let authorize = fixture.begin("/sign-in?return_to=/home").await;
    let callback = fixture.callback(&authorize);
    let before = fixture.browser.clone();
    for _ in 0..2 {
        fixture.browser = before.clone();
        let seen = load(&mut fixture, &callback).await;
        assert_eq!(seen.status, 500);
        assert!(!seen.body.contains("database"), "{seen:?}");
    }
    assert_eq!(*calls.lock().unwrap(), 1);
    assert_eq!(fixture.user().await, None);
    assert!(fixture.log().contains("the database is away"));
    fixture.finish();
}
