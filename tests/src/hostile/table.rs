//! Tables of cases.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;

use super::answer::Answer;
use super::browser::Seen;
use super::fixture::Fixture;
use super::provider::{Call, Endpoint, Provider};
use super::token::IdToken;

/// How a sign-in must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Then {
    /// The user is signed in.
    SignedIn,
    /// The user is told that it did not work.
    Refused,
    /// The user is told to come back later.
    Outage,
}

/// In a table: the user is signed in.
pub const YES: Then = Then::SignedIn;
/// In a table: the user is told that it did not work.
pub const NO: Then = Then::Refused;
/// In a table: the user is told to come back later.
pub const LATER: Then = Then::Outage;

/// Runs every row, and says at the end which failed.
///
/// # Panics
///
/// If one failed.
pub async fn each<T>(rows: impl IntoIterator<Item = (&'static str, T)>, row: impl AsyncFn(T)) {
    let (mut count, mut failed) = (0, Vec::new());
    for (name, case) in rows {
        count += 1;
        let outcome = AssertUnwindSafe(row(case)).catch_unwind().await;
        if let Err(panic) = outcome {
            failed.push(format!("{name}: {}", message(&*panic)));
        }
    }
    assert!(count > 0, "an empty table");
    let failures = failed.len();
    assert!(failed.is_empty(), "{failures} of {count} rows failed:\n- {}", failed.join("\n- "));
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "panicked".to_owned())
}

/// A row about ID tokens: what is done to the token, and how the sign-in must end.
pub type TokenRow = (&'static str, fn(&mut IdToken), Then);

/// Signs in [twice](sign_in_twice) with the ID token of every row.
///
/// # Panics
///
/// If a sign-in does not end as it must.
pub async fn each_token(rows: &[TokenRow]) {
    let rows = rows.iter().map(|(name, bend, then)| (*name, (*bend, *then)));
    each(rows, async |(bend, then)| {
        let bend = |provider: &Provider| provider.bend_token(bend);
        sign_in_twice(Fixture::new, bend, then).await;
    })
    .await;
}

/// A row about the token endpoint: what is done to its answer to a code.
pub type TokenAnswerRow = (&'static str, fn(Answer, &Call) -> Answer, Then);

/// Signs in [twice](sign_in_twice) at an impatient app with the answer of every row.
///
/// # Panics
///
/// If a sign-in does not end as it must.
pub async fn each_token_answer(rows: &[TokenAnswerRow]) {
    let rows = rows.iter().map(|(name, bend, then)| (*name, (*bend, *then)));
    each(rows, async |(bend, then)| {
        let bend = |provider: &Provider| provider.bend(Endpoint::Token, bend);
        sign_in_twice(Fixture::impatient, bend, then).await;
    })
    .await;
}

/// A row about a document of the provider: what is done to it.
pub type DocumentRow = (&'static str, fn(Answer, &Provider) -> Answer, Then);

/// Signs in at an impatient app with the document of every row.
///
/// # Panics
///
/// If a sign-in does not end as it must, or a script gets a server error.
pub async fn each_document(endpoint: Endpoint, rows: &[DocumentRow]) {
    let rows = rows.iter().map(|(name, bend, then)| (*name, (*bend, *then)));
    each(rows, async |(bend, then)| {
        let mut fixture = Fixture::impatient().await;
        let provider = fixture.provider.clone();
        fixture.provider.bend(endpoint, move |answer, _| bend(answer, &provider));
        let seen = fixture.sign_in().await;
        check(&fixture, &seen, then, None).await;
        let seen = fixture.send("GET", "/sign-in", &[]).await;
        assert!(seen.status < 500 || then == LATER, "{seen:?}");
        fixture.finish();
    })
    .await;
}

/// Two sign-ins at a provider that was bent: in a new browser, and over the session of someone
/// who signed in before.
///
/// # Panics
///
/// If one of them does not end as it must, or costs the session that was there.
pub async fn sign_in_twice(make: impl AsyncFn() -> Fixture, bend: impl Fn(&Provider), then: Then) {
    let mut fixture = make().await;
    bend(&fixture.provider);
    let seen = fixture.sign_in().await;
    check(&fixture, &seen, then, None).await;
    fixture.finish();

    let mut fixture = make().await;
    fixture.sign_in_as("before").await;
    fixture.provider.set_user("alice");
    bend(&fixture.provider);
    let seen = fixture.sign_in().await;
    check(&fixture, &seen, then, Some("before")).await;
    fixture.finish();
}

/// Checks the answer to a sign-in and who is signed in afterwards.
///
/// # Panics
///
/// If it is not as it must be.
pub async fn check(fixture: &Fixture, seen: &Seen, then: Then, before: Option<&str>) {
    let user = fixture.user().await;
    let user = user.as_deref();
    match then {
        Then::SignedIn => {
            assert_eq!((seen.status, seen.location()), (303, "/home"), "{seen:?}");
            assert_eq!(user, Some("alice"), "{seen:?}");
        }
        Then::Refused => refused(fixture, seen, before).await,
        Then::Outage => {
            assert_eq!(seen.status, 503, "{seen:?}");
            assert_eq!(user, before, "{seen:?}");
        }
    }
}

/// Checks that a callback came to nothing: a page for who is signed out; for who is signed in, on
/// to a page of the app.
///
/// # Panics
///
/// If it did something.
pub async fn refused(fixture: &Fixture, seen: &Seen, before: Option<&str>) {
    assert_eq!(fixture.user().await.as_deref(), before, "{seen:?}");
    let calm = before.is_some() && seen.status == 303 && ["/", "/home"].contains(&seen.location());
    assert!(seen.status == 400 || calm, "{seen:?}");
    assert!(!seen.body.contains("<script"), "{seen:?}");
}
