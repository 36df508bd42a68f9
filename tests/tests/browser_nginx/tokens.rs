//! People in hundreds of organizations, with tokens for five APIs on one page that is loaded again and
//! again: no response has more headers than nginx lets through, and no request more than it takes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, Response};
use axum::routing::get;
use logto::storage::MemoryStorage;
use logto_axum::{Logto, LogtoConfig, Reply, User};
use logto_local::{LocalTenant, Person};
use logto_management::{Management, NewResource, NewRole, RoleType};
use logto_tests::{Browser, Nginx, Tab, free_port};
use serde_json::Value;
use tokio::net::TcpListener;

const RESOURCES: [&str; 5] = [
    "https://one.example",
    "https://two.example",
    "https://three.example",
    "https://four.example",
    "https://five.example",
];
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
/// What many servers and proxies take of request line and headers together.
const MOST_BYTES: usize = 8 * 1024;
/// What the budget for cookies, in pieces of at most four kilobytes, comes to.
const MOST_COOKIES: usize = 2;

#[tokio::test]
async fn a_person_with_five_apis_reloads_fifty_times() {
    reloads(Person::new("alice"), 1, 1).await;
}

#[tokio::test]
async fn a_member_of_200_organizations_reloads_fifty_times() {
    reloads(Person::new("bob"), 200, 200).await;
}

#[tokio::test]
async fn a_member_of_300_organizations_reloads_fifty_times() {
    reloads(member_of(300), 300, 5).await;
}

#[tokio::test]
async fn a_member_of_1000_organizations_reloads_fifty_times() {
    reloads(member_of(1000), 1000, 5).await;
}

/// Someone in many organizations, with an ID token to match.
fn member_of(organizations: usize) -> Person {
    (1..=organizations).fold(Person::new("grace"), |person, number| {
        person.member_of(&format!("org{number:09}"), &format!("Team {number}"), "org-admin")
    })
}

/// Signs a person in, wherever sessions live, and looks at the page with the tokens again and again.
async fn reloads(person: Person, organizations: usize, with_token: usize) {
    let homes = [("in cookies", None), ("in a store", Some(Arc::new(MemoryStorage::new())))];
    for (home, store) in homes {
        let site = Site::start(&person, with_token, store).await;
        let browser = Browser::launch().await;
        let tab = browser.new_tab().await;
        tab.goto(&site.page()).await;
        tab.click("#continue-with-hugging-face").await;
        tab.click(&format!("#person-{}", person.handle())).await;
        tab.click("#authorize").await;
        let tokens = tokens_on(&tab).await;
        assert_eq!(tab.text("#organizations").await, organizations.to_string());
        assert_all(&tokens, with_token, home);
        let asked = RESOURCES.len() + with_token;
        let code = 1;
        assert_eq!(site.token_calls(), code + asked, "{home}");

        let before = site.requests.all().len();
        site.tenant.clear_requests();
        for reload in 1..=RELOADS {
            tab.reload().await;
            assert_eq!(tab.current_url().await, site.page(), "{home}, {reload}");
            let shown = tokens_on(&tab).await;
            assert_eq!(shown, tokens, "{home}, reload {reload}: {}", site.nginx.log());
            // Cookies hold few of the tokens; those that did not fit are in this process's memory.
            assert_eq!(site.tenant.requests(), [], "{home}, reload {reload}");
            let cookies = site.cookies(&browser).await;
            assert!(
                (1..=MOST_COOKIES).contains(&cookies),
                "{home}, reload {reload}: {cookies} cookies"
            );
        }
        let all = site.requests.all();
        let paths: Vec<_> = all.iter().skip(before).map(|(path, _)| path).collect();
        assert_eq!(paths, ["/tokens"; RELOADS], "{home}");
        for (path, bytes) in all {
            assert!(bytes <= MOST_BYTES, "{home}: {bytes} bytes for {path}");
        }
        browser.close().await;
    }
}

/// One token for each API, and one for each organization, with their permissions.
fn assert_all(tokens: &[String], organizations: usize, home: &str) {
    let (apis, rest) = tokens
        .split_at_checked(RESOURCES.len())
        .unwrap_or_else(|| panic!("{home}: only {tokens:?}"));
    assert_eq!(apis, RESOURCES.map(|api| format!("{api} use:it")), "{home}");
    let different: BTreeSet<_> = rest.iter().collect();
    assert_eq!((rest.len(), different.len()), (organizations, organizations));
    for token in rest {
        assert!(token.starts_with("urn:logto:organization:"), "{token}");
        assert!(token.ends_with(" read:members invite:members"), "{token}");
    }
}

/// What the page says about its tokens, one a line.
async fn tokens_on(tab: &Tab) -> Vec<String> {
    let text = tab.text("#tokens").await;
    text.lines().map(str::to_owned).collect()
}

/// An app in this process behind nginx, and its tenant.
struct Site {
    base_url: String,
    nginx: Nginx,
    tenant: LocalTenant,
    requests: Requests,
}

impl Site {
    /// The person has a permission for each of the APIs.
    async fn start(person: &Person, with_token: usize, store: Option<Arc<MemoryStorage>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let proxy = free_port();
        let nginx = Nginx::start(proxy, port).await;
        let base_url = format!("http://localhost:{proxy}");
        let tenant = LocalTenant::builder().base_url(&base_url);
        let tenant = match person.handle() {
            "alice" | "bob" => tenant,
            _ => tenant.person(person.clone()),
        };
        let tenant = tenant.start().await.expect("a tenant");
        permit(&tenant, person.handle()).await.expect("five APIs");

        let mut config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
            .with_base_url(&base_url)
            .with_cookie_secret("a cookie secret for five APIs and 200 organizations")
            .with_resources(RESOURCES)
            .with_scopes(SCOPES);
        if let Some(store) = store {
            config = config.with_storage(store);
        }
        let logto = Logto::new(config).expect("a configuration");
        let requests = Requests::default();
        let app = Router::new()
            .route("/tokens", get(async move |user| tokens(user, with_token).await))
            .layer(logto_axum::layer(&logto))
            .merge(logto_axum::routes(&logto))
            .layer(from_fn_with_state(requests.clone(), measure));
        tokio::spawn(async { axum::serve(listener, app).await.expect("axum serves") });
        Self { base_url, nginx, tenant, requests }
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

    /// How many cookies of the app the browser has.
    async fn cookies(&self, browser: &Browser) -> usize {
        let port = self.base_url.rsplit(':').next();
        let cookies = browser.cookies().await;
        let of_app =
            cookies.iter().filter(|cookie| port == Some(cookie.source_port.to_string().as_str()));
        of_app.count()
    }
}

/// Registers the APIs, each with a permission, and a role with all of these for the person.
async fn permit(tenant: &LocalTenant, person: &str) -> Result<(), logto_management::Error> {
    let machine = tenant.machine_app();
    let management = Management::new(tenant.endpoint(), &machine.app_id, &machine.app_secret)?;
    let mut role = NewRole::new("user-of-all", "Uses every API", RoleType::User);
    for resource in RESOURCES {
        let api = NewResource::new(resource, resource);
        let api = management.resources().create(&api).await?;
        let resources = management.resources();
        let scope = resources.add_scope(&api.id, "use:it", None).await?;
        role.scope_ids.push(scope.id);
    }
    let role = management.roles().create(&role).await?;
    // Logto knows people from their first sign-in on.
    let (endpoint, app) = (tenant.endpoint(), tenant.app_id());
    let first = format!("{endpoint}/oidc/auth?client_id={app}&response_type=code&scope=openid");
    tenant.sign_in(&first, person).await.expect("a sign-in");
    let people = tenant.people();
    let person = people.iter().find(|one| one.handle() == person);
    let id = person.expect("a built-in person").id();
    management.users().add_roles(id, &[&role.id]).await
}

/// A page that needs a token for every API, and for the first organizations of the person.
async fn tokens(user: User, with_token: usize) -> Result<Html<String>, Reply> {
    let mut lines = Vec::new();
    for resource in RESOURCES {
        lines.push(user.access_token(resource).await?);
    }
    let organizations = &user.claims().organizations;
    for organization in organizations.iter().take(with_token) {
        lines.push(user.organization_token(organization).await?);
    }
    let lines = lines.iter().map(|token| {
        let claims: Value = token.claims()?;
        let scopes: Vec<_> = token.scopes().collect();
        let audience = claims.get("aud").and_then(Value::as_str);
        Ok(format!("{} {}", audience.unwrap_or_default(), scopes.join(" ")))
    });
    let lines = lines.collect::<Result<Vec<_>, logto::Error>>()?;
    let lines = lines.join("\n");
    Ok(Html(format!(
        r#"<!doctype html><link rel="icon" href="data:,"><p id="organizations">{}</p>
        <pre id="tokens">{lines}</pre>"#,
        organizations.len()
    )))
}

/// Path and header bytes of each request to the app.
#[derive(Clone, Default)]
struct Requests(Arc<Mutex<Vec<(String, usize)>>>);

impl Requests {
    fn add(&self, request: (String, usize)) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(request);
    }

    fn all(&self) -> Vec<(String, usize)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }
}

/// Notes how large request line and headers were on the wire.
async fn measure(State(requests): State<Requests>, request: Request, next: Next) -> Response {
    let method = request.method().as_str();
    let line = format!("{method} {} HTTP/1.1\r\n", request.uri()).len();
    let headers = request.headers().iter();
    let headers: usize = headers
        .map(|(name, value)| name.as_str().len() + ": ".len() + value.len() + "\r\n".len())
        .sum();
    let bytes = line + headers + "\r\n".len();
    requests.add((request.uri().path().to_owned(), bytes));
    next.run(request).await
}
