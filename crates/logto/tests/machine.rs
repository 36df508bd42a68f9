//! Tokens for programs, against a local tenant.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::time::Duration;

use logto::machine::{MachineApp, MachineConfig};
use logto::{Clock, ErrorKind, TokenRequest};
use logto_local::{Endpoint, Fault, LocalTenant};

const THINGS: &str = "https://api.example.test";
const ORGANIZATION: &str = "wpmklpcc20gc";

struct World {
    tenant: LocalTenant,
    clock: Clock,
    app: MachineApp,
}

impl World {
    async fn new() -> Self {
        let tenant = LocalTenant::start().await.unwrap();
        let clock = Clock::system();
        let machine = tenant.machine_app();
        let config = MachineConfig::new(tenant.endpoint(), &machine.app_id, &machine.app_secret)
            .with_clock(clock.clone());
        let app = MachineApp::new(config).unwrap();
        Self { tenant, clock, app }
    }

    fn advance(&self, seconds: u64) {
        let by = Duration::from_secs(seconds);
        self.clock.advance(by);
        self.tenant.clock().advance(by);
    }

    fn token_calls(&self) -> usize {
        let seen = self.tenant.requests();
        seen.iter()
            .filter(|call| call.path == "/oidc/token")
            .count()
    }
}

#[tokio::test]
async fn many_callers_get_one_token_until_it_is_about_to_end() {
    let world = World::new().await;
    let ask = || world.app.token(THINGS, "read:things");
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    let first = a.unwrap();
    assert_eq!(first.as_str(), b.unwrap().as_str());
    assert_eq!(first.as_str(), c.unwrap().as_str());
    assert_eq!(world.token_calls(), 1);
    assert_eq!(first.scopes().collect::<Vec<_>>(), ["read:things"]);

    world.advance(3600 - 61);
    assert_eq!(ask().await.unwrap().as_str(), first.as_str());
    world.advance(2);
    assert_ne!(ask().await.unwrap().as_str(), first.as_str());
    assert_eq!(world.token_calls(), 2);
}

#[tokio::test]
async fn a_token_serves_to_its_end_while_logto_is_down() {
    let world = World::new().await;
    let ask = || world.app.token(THINGS, "read:things");
    let first = ask().await.unwrap();
    world
        .tenant
        .faults()
        .set(Endpoint::Token, Fault::Status(503));
    world.advance(3600 - 30);
    assert_eq!(ask().await.unwrap().as_str(), first.as_str());
    world.advance(25);
    assert_eq!(ask().await.unwrap_err().kind(), ErrorKind::Unreachable);
    world.tenant.faults().clear();
    assert_ne!(ask().await.unwrap().as_str(), first.as_str());
}

#[tokio::test]
async fn each_target_has_its_own_token_and_a_forgotten_one_is_asked_for_again() {
    let world = World::new().await;
    let organization = TokenRequest::organization(ORGANIZATION).with_scopes(["read:members"]);
    let token = world.app.token_for(&organization).await.unwrap();
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["read:members"]);
    let other = world.app.token(THINGS, "read:things").await.unwrap();
    assert_ne!(token.as_str(), other.as_str());

    world.app.forget(&token);
    let again = world.app.token_for(&organization).await.unwrap();
    assert_ne!(token.as_str(), again.as_str());
    let kept = world.app.token(THINGS, "read:things").await.unwrap();
    assert_eq!(kept.as_str(), other.as_str());
}

#[tokio::test]
async fn a_refusal_is_told_and_not_kept() {
    let world = World::new().await;
    let error = world
        .app
        .token("https://unknown.example", "")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let said = error.response().and_then(|response| response.error());
    assert_eq!(said, Some("invalid_target"));
    let elsewhere = TokenRequest::organization("elsewhere");
    let error = world.app.token_for(&elsewhere).await.unwrap_err();
    assert_eq!(error.response().unwrap().status(), 403);
    assert!(world.app.token_for(&elsewhere).await.is_err());
    assert_eq!(world.token_calls(), 3);
}

#[tokio::test]
async fn an_opaque_token_is_asked_about_and_a_jwt_refused() {
    let world = World::new().await;
    assert!(world.app.introspect("garbage").await.unwrap().is_none());
    let jwt = world.app.token(THINGS, "read:things").await.unwrap();
    let error = world.app.introspect(jwt.as_str()).await.unwrap_err();
    let said = error.response().and_then(|response| response.error());
    assert_eq!(said, Some("unsupported_token_type"));
    assert!(!format!("{error} {error:?}").contains(jwt.as_str()));
}

#[test]
fn every_problem_of_the_configuration_is_named() {
    let error = MachineApp::new(MachineConfig::new("logto.app", "", " ")).unwrap_err();
    let settings = error.problems().iter().map(|problem| problem.setting());
    assert_eq!(
        settings.collect::<Vec<_>>(),
        ["LOGTO_ENDPOINT", "machine app id", "machine app secret"]
    );
}
