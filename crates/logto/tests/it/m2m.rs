//! Tokens for programs, against a local tenant.

use std::env;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use logto::m2m::{MachineApp, MachineConfig, SubjectToken};
use logto::resource_server::{Api, ApiConfig, Policy};
use logto::{Clock, ErrorKind, TokenRequest};
use logto_local::{Endpoint, Fault, LocalTenant};
use serde_json::{Value, json};

const THINGS: &str = "https://api.example.test";
const ORGANIZATION: &str = "wpmklpcc20gc";

struct Fixture {
    tenant: LocalTenant,
    clock: Clock,
    app: MachineApp,
}

impl Fixture {
    async fn new() -> Self {
        let tenant = LocalTenant::builder().token_exchange(true);
        let tenant = tenant.start().await.unwrap();
        let clock = Clock::system();
        // Lifetimes are tested to the second.
        clock.stop();
        tenant.clock().stop();
        tenant.clock().set(UNIX_EPOCH + Duration::from_secs(clock.now()));
        let machine = tenant.machine_app();
        let config = MachineConfig::new(tenant.endpoint(), &machine.app_id, &machine.app_secret)
            .with_clock(clock.clone());
        let app = MachineApp::new(config).unwrap();
        Self { tenant, clock, app }
    }

    /// What the Management API answers.
    async fn manage(&self, path: &str, body: Value) -> Value {
        let token = self.app.token("https://default.logto.app/api", "all");
        let request = reqwest::Client::new().post(format!("{}/api{path}", self.tenant.endpoint()));
        let request = request.bearer_auth(token.await.unwrap().as_str()).json(&body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.json().await.unwrap()
    }

    async fn create_user(&self) -> String {
        let user = self.manage("/users", json!({ "username": "someone" })).await;
        user["id"].as_str().unwrap().to_owned()
    }

    async fn subject_token(&self, user_id: &str) -> String {
        let token = self.manage("/subject-tokens", json!({ "userId": user_id })).await;
        token["subjectToken"].as_str().unwrap().to_owned()
    }

    fn advance(&self, seconds: u64) {
        let by = Duration::from_secs(seconds);
        self.clock.advance(by);
        self.tenant.clock().advance(by);
    }

    fn id_of(&self, handle: &str) -> String {
        let users = self.tenant.users();
        let user = users.iter().find(|user| user.handle() == handle);
        user.unwrap().id().to_owned()
    }

    fn token_calls(&self) -> usize {
        let seen = self.tenant.requests();
        seen.iter().filter(|call| call.path == "/oidc/token").count()
    }
}

#[tokio::test]
async fn many_callers_get_one_token_until_it_is_about_to_end() {
    let fixture = Fixture::new().await;
    let ask = || fixture.app.token(THINGS, "read:things");
    let (a, b, c) = tokio::join!(ask(), ask(), ask());
    let first = a.unwrap();
    assert_eq!(first.as_str(), b.unwrap().as_str());
    assert_eq!(first.as_str(), c.unwrap().as_str());
    assert_eq!(fixture.token_calls(), 1);
    assert_eq!(first.scopes().collect::<Vec<_>>(), ["read:things"]);

    fixture.advance(3600 - 61);
    assert_eq!(ask().await.unwrap().as_str(), first.as_str());
    fixture.advance(2);
    assert_ne!(ask().await.unwrap().as_str(), first.as_str());
    assert_eq!(fixture.token_calls(), 2);
}

#[tokio::test]
async fn a_token_serves_to_its_end_while_logto_is_down() {
    let fixture = Fixture::new().await;
    let ask = || fixture.app.token(THINGS, "read:things");
    let first = ask().await.unwrap();
    fixture.tenant.faults().set(Endpoint::Token, Fault::Status(503));
    fixture.advance(3600 - 30);
    assert_eq!(ask().await.unwrap().as_str(), first.as_str());
    fixture.advance(25);
    assert_eq!(ask().await.unwrap_err().kind(), ErrorKind::Unreachable);
    fixture.tenant.faults().clear();
    assert_ne!(ask().await.unwrap().as_str(), first.as_str());
}

#[tokio::test]
async fn each_target_has_its_own_token_and_a_forgotten_one_is_asked_for_again() {
    let fixture = Fixture::new().await;
    let organization = TokenRequest::organization(ORGANIZATION).with_scopes(["read:members"]);
    let token = fixture.app.token_for(&organization).await.unwrap();
    assert_eq!(token.scopes().collect::<Vec<_>>(), ["read:members"]);
    let other = fixture.app.token(THINGS, "read:things").await.unwrap();
    assert_ne!(token.as_str(), other.as_str());

    fixture.app.forget(&token);
    let again = fixture.app.token_for(&organization).await.unwrap();
    assert_ne!(token.as_str(), again.as_str());
    let kept = fixture.app.token(THINGS, "read:things").await.unwrap();
    assert_eq!(kept.as_str(), other.as_str());
}

#[tokio::test]
async fn a_refusal_is_told_and_not_kept() {
    let fixture = Fixture::new().await;
    let error = fixture.app.token("https://unknown.example", "").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let said = error.response().and_then(|response| response.error());
    assert_eq!(said, Some("invalid_target"));
    let before = fixture.token_calls();
    let nowhere = fixture.app.token_for(&TokenRequest::organization("")).await.unwrap_err();
    assert_eq!((nowhere.kind(), fixture.token_calls()), (ErrorKind::InvalidRequest, before));
    // Only a session has a current one, and without any the token would be for all of them.
    let current = TokenRequest::resource(THINGS).in_current_organization();
    let current = fixture.app.token_for(&current).await.unwrap_err();
    assert_eq!((current.kind(), fixture.token_calls()), (ErrorKind::InvalidRequest, before));
    let elsewhere = TokenRequest::organization("elsewhere");
    let error = fixture.app.token_for(&elsewhere).await.unwrap_err();
    assert_eq!(error.response().unwrap().status(), Some(403));
    assert!(fixture.app.token_for(&elsewhere).await.is_err());
    assert_eq!(fixture.token_calls(), 3);
}

#[tokio::test]
async fn a_token_is_exchanged_for_one_of_the_same_user_for_another_target() {
    let fixture = Fixture::new().await;
    let personal = fixture.tenant.create_personal_access_token("alice").unwrap();
    let things = TokenRequest::resource(THINGS).with_scopes(["read:things"]);
    let exchange = |subject| fixture.app.exchange(subject, &things);
    let (a, b) = tokio::join!(
        exchange(SubjectToken::PersonalAccessToken(&personal)),
        exchange(SubjectToken::PersonalAccessToken(&personal))
    );
    let token = a.unwrap();
    assert_eq!(token.as_str(), b.unwrap().as_str());
    assert_eq!(fixture.token_calls(), 1);
    let api = Api::new(fixture.tenant.endpoint(), THINGS).unwrap();
    let claims = api.verify(token.as_str()).await.unwrap();
    assert_eq!(claims.sub(), fixture.id_of("alice"));
    assert!(!claims.is_machine());

    // On her behalf in her organization.
    let members = TokenRequest::organization(ORGANIZATION).with_scopes(["read:members"]);
    let within = fixture.app.exchange(SubjectToken::AccessToken(token.as_str()), &members);
    let within = within.await.unwrap();
    assert_eq!(within.scopes().collect::<Vec<_>>(), ["read:members"]);
    let elsewhere = TokenRequest::organization("elsewhere");
    let refused = fixture.app.exchange(SubjectToken::AccessToken(token.as_str()), &elsewhere);
    assert_eq!(refused.await.unwrap_err().response().unwrap().status(), Some(403));
}

#[tokio::test]
async fn a_token_that_logto_does_not_exchange_is_explained() {
    let fixture = Fixture::new().await;
    let things = TokenRequest::resource(THINGS).with_scopes(["read:things"]);
    let refused =
        fixture.app.exchange(SubjectToken::AccessToken("a token of another client"), &things);
    let refused = refused.await.unwrap_err();
    assert_eq!(refused.response().unwrap().error(), Some("invalid_grant"));
    assert!(refused.to_string().contains("third-party"), "{refused}");
    let refused = fixture.app.exchange(SubjectToken::PersonalAccessToken("pat_unknown"), &things);
    assert!(!refused.await.unwrap_err().to_string().contains("third-party"));
}

#[tokio::test]
async fn a_subject_token_of_the_management_api_is_good_once() {
    let fixture = Fixture::new().await;
    let someone = fixture.create_user().await;
    let subject = fixture.subject_token(&someone).await;
    let things = TokenRequest::resource(THINGS).refreshed();
    let exchange = || fixture.app.exchange(SubjectToken::Impersonation(&subject), &things);
    let token = exchange().await.unwrap();
    let api = Api::new(fixture.tenant.endpoint(), THINGS).unwrap();
    assert_eq!(api.verify(token.as_str()).await.unwrap().sub(), someone);
    let error = exchange().await.unwrap_err();
    let said = error.response().and_then(|response| response.error());
    assert_eq!((error.kind(), said), (ErrorKind::Refused, Some("invalid_grant")));
}

#[tokio::test]
async fn someone_acts_for_another_with_their_own_opaque_token() {
    let fixture = Fixture::new().await;
    let customer = fixture.create_user().await;
    let things = TokenRequest::resource(THINGS).refreshed();
    let personal = fixture.tenant.create_personal_access_token("alice").unwrap();
    let own = async |request: TokenRequest| {
        let subject = SubjectToken::PersonalAccessToken(&personal);
        fixture.app.exchange(subject, &request).await.unwrap()
    };
    let actor = own(TokenRequest::opaque().with_scopes(["openid"])).await;
    let subject = fixture.subject_token(&customer).await;
    let subject = SubjectToken::Impersonation(&subject);

    // A JWT says who acts just as well; Logto takes none.
    let jwt = own(things.clone()).await;
    for wrong in [jwt.as_str(), "made-up"] {
        let error = fixture.app.exchange_as(subject, wrong, &things).await.unwrap_err();
        let said = error.response().and_then(|response| response.error());
        assert_eq!((error.kind(), said), (ErrorKind::Refused, Some("invalid_grant")));
    }

    let token = fixture.app.exchange_as(subject, actor.as_str(), &things).await.unwrap();
    let api = Api::new(fixture.tenant.endpoint(), THINGS).unwrap();
    let alice = fixture.id_of("alice");
    let refused = api.verify(token.as_str()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden, "delegation has to be allowed");
    let policy = Policy::new().with_delegation(1);
    let claims = api.verify_for(&policy, token.as_str(), None).await.unwrap();
    assert_eq!((claims.sub(), claims.actor()), (customer.as_str(), Some(alice.as_str())));
}

#[tokio::test]
async fn an_opaque_token_is_described_while_it_is_active() {
    let fixture = Fixture::new().await;
    let personal = fixture.tenant.create_personal_access_token("alice").unwrap();
    let opaque = TokenRequest::opaque().with_scopes(["openid", "profile"]);
    let exchange = async |request| {
        let subject = SubjectToken::PersonalAccessToken(&personal);
        fixture.app.exchange(subject, &request).await.unwrap()
    };
    let token = exchange(opaque.clone()).await;
    let ask = async |token: &str| fixture.app.introspect(token).await.unwrap();
    let told = ask(token.as_str()).await.expect("an active token");
    assert_eq!(told.sub, Some(fixture.id_of("alice")));
    assert_eq!(told.client_id.as_ref(), Some(&fixture.tenant.machine_app().app_id));
    assert_eq!(told.scope, "openid profile");
    assert_eq!(told.token_type.as_deref(), Some("Bearer"));
    let (issued, ends) = (told.iat.unwrap(), told.exp.unwrap());
    assert_eq!(ends - issued, 3600);
    assert!((issued..=issued + 60).contains(&fixture.clock.now()));

    // Revoked, and over: no one but Logto knows the one, and our clock knows the other too.
    fixture.tenant.revoke_grants("alice").unwrap();
    assert!(ask(token.as_str()).await.is_none());
    let token = exchange(opaque.refreshed()).await;
    assert!(ask(token.as_str()).await.is_some());
    fixture.clock.advance(Duration::from_secs(3600));
    assert!(ask(token.as_str()).await.is_none());
}

#[tokio::test]
async fn an_opaque_token_is_asked_about_and_a_jwt_refused() {
    let fixture = Fixture::new().await;
    assert!(fixture.app.introspect("garbage").await.unwrap().is_none());
    let jwt = fixture.app.token(THINGS, "read:things").await.unwrap();
    let error = fixture.app.introspect(jwt.as_str()).await.unwrap_err();
    let said = error.response().and_then(|response| response.error());
    assert_eq!(said, Some("unsupported_token_type"));
    assert!(!format!("{error} {error:?}").contains(jwt.as_str()));
}

#[tokio::test]
async fn credentials_may_be_the_contents_of_files() {
    let tenant = LocalTenant::builder().start().await.unwrap();
    let machine = tenant.machine_app();
    let file = |value: &str| format!("{value}\n");
    let (id, secret) = (file(&machine.app_id), file(&machine.app_secret));
    let app = MachineApp::new(MachineConfig::new(tenant.endpoint(), id, secret)).unwrap();
    assert!(app.token(THINGS, "read:things").await.is_ok());
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

#[tokio::test]
async fn an_api_and_a_machine_app_reach_logto_at_its_internal_address() {
    let tenant = LocalTenant::builder().start().await.unwrap();
    let public = tenant.endpoint();
    let internal = match public.contains("127.0.0.1") {
        true => public.replace("127.0.0.1", "localhost"),
        false => public.replace("localhost", "127.0.0.1"),
    };
    assert_ne!(internal, public);
    let machine = tenant.machine_app();
    let config = MachineConfig::new(public, &machine.app_id, &machine.app_secret)
        .with_internal_endpoint(&internal);
    let app = MachineApp::new(config).unwrap();
    let token = app.token(THINGS, "read:things").await.unwrap();
    let config = ApiConfig::new(THINGS).with_internal_endpoint(&internal);
    let api = Api::new(public, config).unwrap();
    assert!(api.verify(token.as_str()).await.unwrap().has_scope("read:things"));
    for path in ["/oidc/token", "/oidc/jwks"] {
        assert!(tenant.requests().iter().any(|request| request.path == path), "{path}");
    }
    for request in tenant.requests() {
        let host = request.header("host").unwrap();
        assert_eq!(format!("http://{host}"), internal, "{}", request.path);
    }
}

/// The environment names a proxy, so this is run in a process of its own.
#[tokio::test]
async fn no_proxy_stands_before_an_internal_address_on_this_machine() {
    const HERE: &str = "m2m::no_proxy_stands_before_an_internal_address_on_this_machine";
    const NAMED: &str = "LOGTO_TEST_NAMES_A_PROXY";
    if env::var_os(NAMED).is_none() {
        let mut test = Command::new(env::current_exe().unwrap());
        test.args(["--exact", HERE]).env(NAMED, "").env_remove("NO_PROXY").env_remove("no_proxy");
        // No one listens there.
        test.env("HTTP_PROXY", "http://127.0.0.1:9").env("http_proxy", "http://127.0.0.1:9");
        let output = test.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let tenant = LocalTenant::builder().start().await.unwrap();
    let config = MachineConfig::new("http://logto.internal", "app", "secret")
        .with_internal_endpoint(tenant.endpoint());
    let error = MachineApp::new(config).unwrap().token(THINGS, "read:things").await.unwrap_err();
    // The tenant was asked, and has another name than that one.
    assert_ne!(error.kind(), ErrorKind::Unreachable, "{error}");
    assert_eq!(tenant.requests().len(), 1);
}
