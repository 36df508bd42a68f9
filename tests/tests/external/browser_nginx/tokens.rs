//! Users in hundreds of organizations, with tokens for five APIs on one page that is loaded again
//! and again: no response has more headers than nginx lets through, and no request more than it
//! takes.

use std::collections::BTreeSet;
use std::sync::Arc;

use logto::storage::MemoryStorage;
use logto::{Logto, LogtoConfig};
use logto_local::{LocalTenant, TestUser};
use logto_management::{Management, NewResource, NewRole, RoleType};
use logto_tests::conformance::{Server, TestApp, adapters};
use logto_tests::{Browser, Nginx, Tab, free_port};
use tokio::sync::Notify;

/// Everything that grows with the number of organizations, and every permission.
const SCOPES: [&str; 8] = [
    "urn:logto:scope:organizations",
    "urn:logto:scope:organization_roles",
    "roles",
    "email",
    "identities",
    "use:it",
    "read:members",
    "invite:members",
];
const RELOADS: usize = 50;
/// What all cookies of the app may take of a request.
const MOST_BYTES: usize = 4 * 1024;

#[tokio::test]
async fn a_user_with_five_apis_reloads_fifty_times() {
    reloads("axum", TestUser::new("alice"), 1).await;
}

#[tokio::test]
async fn a_member_of_200_organizations_reloads_fifty_times() {
    everywhere(TestUser::new("bob"), 200).await;
}

#[tokio::test]
async fn a_member_of_300_organizations_reloads_fifty_times() {
    everywhere(member_of(300), 300).await;
}

#[tokio::test]
async fn a_member_of_1000_organizations_reloads_fifty_times() {
    everywhere(member_of(1000), 1000).await;
}

async fn everywhere(user: TestUser, organizations: usize) {
    for framework in ["axum", "actix-web", "poem", "rocket"] {
        reloads(framework, user.clone(), organizations).await;
    }
}

/// Someone in many organizations, with an ID token to match.
fn member_of(organizations: usize) -> TestUser {
    (1..=organizations).fold(TestUser::new("grace"), |user, number| {
        user.with_membership(&format!("org{number:09}"), &format!("Team {number}"), "org-admin")
    })
}

/// Signs a user in, wherever sessions live, and looks at the page with the tokens again and
/// again.
async fn reloads(framework: &str, user: TestUser, organizations: usize) {
    let with_token = if organizations > 200 { 5 } else { organizations };
    let homes = [("in cookies", None), ("in a store", Some(Arc::new(MemoryStorage::new())))];
    for (home, store) in homes {
        let home = format!("{framework}, {home}");
        let fixture = Fixture::start(framework, &user, store).await;
        let browser = Browser::launch().await;
        let tab = browser.new_tab().await;
        tab.goto(&fixture.page()).await;
        tab.click("#continue-with-hugging-face").await;
        tab.click(&format!("#person-{}", user.handle())).await;
        tab.click("#authorize").await;
        let tokens = tokens_on(&tab).await;
        assert_all(&tokens, with_token, &home);
        let asked = TestApp::APIS.len() + with_token;
        let code = 1;
        assert_eq!(fixture.token_calls(), code + asked, "{home}");

        fixture.tenant.clear_requests();
        for reload in 1..=RELOADS {
            tab.reload().await;
            assert_eq!(tab.current_url().await, fixture.page(), "{home}, {reload}");
            let shown = tokens_on(&tab).await;
            assert_eq!(shown, tokens, "{home}, reload {reload}: {}", fixture.nginx.log());
            // Cookies hold few of the tokens; those that did not fit are in this process's memory.
            assert_eq!(fixture.tenant.requests(), [], "{home}, reload {reload}");
            let bytes = fixture.cookie_bytes(&browser).await;
            assert!((1..=MOST_BYTES).contains(&bytes), "{home}, reload {reload}: {bytes} bytes");
        }
        browser.close().await;
    }
}

/// One token for each API, and one for each organization, with their permissions.
fn assert_all(tokens: &[String], organizations: usize, home: &str) {
    let (apis, rest) = tokens
        .split_at_checked(TestApp::APIS.len())
        .unwrap_or_else(|| panic!("{home}: only {tokens:?}"));
    assert_eq!(apis, TestApp::APIS.map(|api| format!("{api} use:it")), "{home}");
    let different: BTreeSet<_> = rest.iter().collect();
    assert_eq!((rest.len(), different.len()), (organizations, organizations));
    for token in rest {
        assert!(token.starts_with("urn:logto:organization:"), "{token}");
        assert!(token.ends_with(" read:members invite:members"), "{token}");
    }
}

/// What the page says about its tokens, one a line.
async fn tokens_on(tab: &Tab) -> Vec<String> {
    tab.wait_for("pre").await;
    // All of it is there then.
    tab.current_url().await;
    let text = tab.text("pre").await;
    text.lines().map(str::to_owned).collect()
}

/// An app in this process behind nginx, and its tenant.
struct Fixture {
    base_url: String,
    nginx: Nginx,
    tenant: LocalTenant,
    _server: Server,
}

impl Fixture {
    /// The user has a permission for each of the APIs.
    async fn start(framework: &str, user: &TestUser, store: Option<Arc<MemoryStorage>>) -> Self {
        let proxy = free_port();
        let base_url = format!("http://localhost:{proxy}");
        let tenant = LocalTenant::builder().base_url(&base_url);
        let tenant = match user.handle() {
            "alice" | "bob" => tenant,
            _ => tenant.user(user.clone()),
        };
        let tenant = tenant.start().await.expect("a tenant");
        permit(&tenant, user.handle()).await.expect("five APIs");

        let mut config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
            .with_base_url(&base_url)
            .with_cookie_secret("a cookie secret for five APIs and 200 organizations")
            .with_resources(TestApp::APIS)
            .with_scopes(SCOPES);
        if let Some(store) = store {
            config = config.with_storage(store);
        }
        let app = TestApp {
            logto: Logto::new(config).expect("a configuration"),
            mounted_at: "",
            bare: false,
            without_routes: false,
            gate: Arc::new(Notify::new()),
        };
        let drivers = adapters::all();
        let driver = drivers.iter().find(|driver| driver.name == framework);
        let server = driver.expect("a framework").serve(app).await.expect("a server");
        let nginx = Nginx::start(proxy, server.address.port()).await;
        Self { base_url, nginx, tenant, _server: server }
    }

    fn page(&self) -> String {
        format!("{}/tokens", self.base_url)
    }

    fn token_calls(&self) -> usize {
        let requests = self.tenant.requests();
        let calls = requests.iter().filter(|seen| {
            seen.path == "/oidc/token" && seen.param("grant_type") != Some("client_credentials")
        });
        calls.count()
    }

    /// What the cookies of the app take.
    async fn cookie_bytes(&self, browser: &Browser) -> usize {
        let port = self.base_url.rsplit(':').next();
        let cookies = browser.cookies().await;
        let of_app =
            cookies.iter().filter(|cookie| port == Some(cookie.source_port.to_string().as_str()));
        of_app.map(|cookie| cookie.name.len() + "=; ".len() + cookie.value.len()).sum()
    }
}

/// Registers the APIs, each with a permission, and a role with all of these for the user.
async fn permit(tenant: &LocalTenant, user: &str) -> Result<(), logto_management::Error> {
    let machine = tenant.machine_app();
    let management = Management::new(tenant.endpoint(), &machine.app_id, &machine.app_secret)?;
    let mut role = NewRole::new("user-of-all", "Uses every API", RoleType::User);
    for resource in TestApp::APIS {
        let api = NewResource::new(resource, resource);
        let api = management.resources().create(&api).await?;
        let resources = management.resources();
        let scope = resources.add_scope(&api.id, "use:it", None).await?;
        role.scope_ids.push(scope.id);
    }
    let role = management.roles().create(&role).await?;
    // Logto knows users from their first sign-in on.
    let (endpoint, app) = (tenant.endpoint(), tenant.app_id());
    let first = format!("{endpoint}/oidc/auth?client_id={app}&response_type=code&scope=openid");
    tenant.sign_in(&first, user).await.expect("a sign-in");
    let users = tenant.users();
    let user = users.iter().find(|one| one.handle() == user);
    let id = user.expect("a built-in user").id();
    management.users().add_roles(id, &[&role.id]).await
}
