//! An orchestrator stops an instance in the middle of a refresh.

use std::time::Duration;

use logto_local::{Endpoint, Fault, LocalTenant};
use logto_servers::{Redis, eventually};
use logto_tests::instances::{DUE_FOR_ROTATION, HOUR};
use logto_tests::{Example, ExampleApp, Visitor, everywhere, free_base_url, signs_in_at};

/// An example app, signed in at it, and what they need.
struct Deployment {
    tenant: LocalTenant,
    store: Redis,
    base_url: String,
    app: ExampleApp,
    alice: Visitor,
}

impl Deployment {
    /// Alice's access token has ended, and Logto is about to replace her refresh token.
    async fn start(example: Example) -> Self {
        let (store, base_url) = (Redis::start().await, free_base_url());
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.unwrap();
        let app = start(example, &base_url, &tenant, &store).await;
        let alice = Visitor::new();
        tenant.set_access_token_life(Duration::ZERO);
        let address = alice.sent_to(&format!("{base_url}/sign-in")).await;
        let callback = tenant.sign_in(&address, "alice").await.unwrap();
        assert_eq!(alice.open(&callback).await.status(), 303);
        tenant.set_access_token_life(HOUR);
        tenant.age_refresh_tokens(DUE_FOR_ROTATION);
        tenant.clear_requests();
        Self { tenant, store, base_url, app, alice }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// How many requests redeem a refresh token.
    fn refreshes(&self) -> usize {
        let requests = self.tenant.requests();
        let grants = requests.iter().filter_map(|request| request.param("grant_type"));
        grants.filter(|grant| *grant == "refresh_token").count()
    }
}

async fn start(
    example: Example,
    base_url: &str,
    tenant: &LocalTenant,
    store: &Redis,
) -> ExampleApp {
    let store = store.url();
    let mut environment = signs_in_at(tenant).to_vec();
    environment.push(("STORAGE", &store));
    ExampleApp::start(example, base_url, &environment).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_no_request_waits_for_is_finished_before_the_process_ends() {
    everywhere(async |example| {
        let mut deployment = Deployment::start(example).await;
        // Logto has replaced the refresh token, and keeps its answer back.
        deployment.tenant.faults().set_times(Endpoint::Token, Fault::HoldAnswer, 1);
        let (alice, profile) = (deployment.alice.clone(), deployment.url("/profile"));
        let request = tokio::spawn(async move { alice.status(&profile).await });
        eventually("a refresh", async || (deployment.refreshes() == 1).then_some(())).await;
        request.abort();
        assert!(request.await.is_err(), "the page was shown");

        deployment.app.terminate();
        // All but axum do not notice that the browser is gone, and let the handler finish.
        let stopping = match example {
            Example::ActixWeb => "graceful worker shutdown",
            Example::Poem => "wait for all connections to close",
            Example::Rocket => "Waiting for pending I/O",
            _ => "waiting for background tasks",
        };
        deployment.app.wait_for_log(stopping).await;
        deployment.tenant.faults().clear();
        assert!(deployment.app.ended().await.success(), "{}", deployment.app.log());

        let Deployment { tenant, store, base_url, .. } = &deployment;
        let app = start(example, base_url, tenant, store).await;
        assert_eq!(deployment.alice.status(&deployment.url("/profile")).await, 200);
        assert_eq!(deployment.refreshes(), 1, "it was stored\n{}", app.log());
    })
    .await;
}
