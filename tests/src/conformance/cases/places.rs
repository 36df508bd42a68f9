//! Where the app is: behind a proxy, below a path, with a prefix, in a nested mount.

use url::Url;

use super::super::{Case, RunningApp, Setup};

const AT_ROOT: Setup = Setup {
    base_url: "http://localhost:3000",
    proxy_strips: false,
    mounted_at: "",
    route_prefix: "",
    bare: false,
    without_routes: false,
    configure: |config| config,
};
const BELOW_PATH: Setup = Setup { base_url: "http://localhost:3000/app", ..AT_ROOT };

/// Where the app is: behind a proxy, below a path, with a prefix, in a nested mount.
#[must_use]
pub fn places() -> Vec<Case> {
    let setups = [
        ("at the root", AT_ROOT),
        ("with a prefix", Setup { route_prefix: "/auth", ..AT_ROOT }),
        ("behind a proxy that takes the path away", Setup { proxy_strips: true, ..BELOW_PATH }),
        ("behind a proxy that leaves the path", Setup { mounted_at: "/app", ..BELOW_PATH }),
        (
            "behind a proxy that takes the path away, with a prefix",
            Setup { proxy_strips: true, route_prefix: "/auth", ..BELOW_PATH },
        ),
        (
            "behind a proxy that leaves the path, with a prefix",
            Setup { mounted_at: "/app", route_prefix: "/auth", ..BELOW_PATH },
        ),
    ];
    let mut cases = Vec::new();
    for (name, setup) in setups {
        for page in ["/page?a=b", "/nested/deep/page"] {
            let name = format!("{page} {name}");
            cases.push(Case::new(name, async move |app| there_and_back(app, page).await).on(setup));
        }
    }
    cases.push(Case::new("a proxy that changes the host", async |app| {
        let mut visitor = app.visitor();
        let ask = visitor.get("/page").navigating().without("host");
        let answer = ask.header("host", "10.0.0.7:8080").send().await;
        assert_eq!(answer.location(), "/sign-in?return_to=%2Fpage");
        let address = visitor.begin().await;
        let callback = app.at_logto(&address, "alice").await;
        let ask = visitor.get(&callback).navigating().without("host");
        assert_eq!(ask.header("host", "10.0.0.7:8080").send().await.status, 303);
        let ask = visitor.post("/sign-out").without("host");
        assert_eq!(ask.header("host", "10.0.0.7:8080").send().await.status, 303);
    }));
    cases.extend(several_hosts());
    let prefixed = Setup { route_prefix: "/auth", ..AT_ROOT };
    for route in ["/sign-in", "/callback", "/sign-out"] {
        let name = format!("with a prefix, {route} is the app's own");
        let case = Case::new(name, async move |app| {
            let answer = app.visitor().get(route).send_off_record().await;
            assert_eq!(answer.status, 404);
            answer.has_no_pending_cookies();
        });
        cases.push(case.on(prefixed));
    }
    cases
}

async fn there_and_back(app: &RunningApp, page: &str) {
    let mut visitor = app.visitor();
    let page = app.path(page);
    let refused = visitor.open(&page).await;
    let encoded = page.replace('/', "%2F").replace('?', "%3F").replace('=', "%3D");
    let sign_in = format!("{}?return_to={encoded}", app.route("/sign-in"));
    assert_eq!((refused.status, refused.location()), (303, sign_in.clone()));

    let sent = visitor.open(&sign_in).await;
    let callback = format!("{}{}/callback", app.setup.base_url, app.setup.route_prefix);
    let redirect_uri = callback.replace(':', "%3A").replace('/', "%2F");
    assert!(sent.location().contains(&format!("redirect_uri={redirect_uri}&")));
    assert!(sent.cookie("logto_sign_in_").attributes.starts_with("Path=/;"));

    let back = app.at_logto(&sent.location(), "alice").await;
    assert!(back.starts_with(&format!("{callback}?")), "{back}");
    let answer = visitor.open(&back).await;
    assert_eq!((answer.status, answer.location()), (303, page.clone()));
    assert!(answer.cookie("logto_conformance").attributes.starts_with("Path=/;"));
    let shown = visitor.open(&page).await;
    assert_eq!((shown.status, shown.text()), (200, format!("hello {}", app.alice())));

    // The `state` says where a callback that comes late was to end.
    let stale = visitor.open(&back).await;
    assert_eq!((stale.status, stale.location()), (303, page));
    // The home page is the base URL: below a path that is the path, without a slash more.
    let home = Url::parse(app.setup.base_url).expect("a base URL");
    let out = visitor.post(&app.route("/sign-out")).send().await;
    let home = home.as_str().replace(':', "%3A").replace('/', "%2F");
    let after = format!("post_logout_redirect_uri={home}");
    assert!(out.location().ends_with(&after), "{}", out.location());
    visitor.is_signed_out().await;
    let stale = visitor.open(&back).await;
    assert_eq!(stale.status, 400);
    let link = format!("href=\"{}?return_to=", app.route("/sign-in"));
    assert!(stale.text().contains(&link), "{}", stale.text());
}

/// One app at several addresses.
fn several_hosts() -> Vec<Case> {
    let setup = Setup {
        base_url: "https://app.localhost",
        configure: |config| {
            config.with_allowed_base_urls(["https://app.example.org", "https://*.preview.example"])
        },
        ..AT_ROOT
    };
    let mut cases = Vec::new();
    for (host, origin) in [
        ("app.localhost", "https://app.localhost"),
        ("app.example.org", "https://app.example.org"),
        ("pr-7.preview.example", "https://pr-7.preview.example"),
        ("evil.example", "https://app.localhost"),
        ("evil.preview.example.evil.example", "https://app.localhost"),
        ("a.b.preview.example", "https://app.localhost"),
    ] {
        cases.push(Case::new(format!("one of several hosts, {host}"), async move |app| {
            let mut visitor = app.visitor();
            let page = format!("/sign-in?return_to={origin}/page");
            let sent = visitor.get(&page).navigating().without("host").header("host", host);
            let answer = sent.send().await;
            let address = Url::parse(&answer.location()).expect("an address");
            // As HTTP/2 has it: in the target, and not in a header. Over HTTP/1.1 actix-web refuses
            // that itself, and Rocket does not read it.
            let whole = format!("https://{host}/sign-in?return_to={origin}/page");
            let unnamed = visitor.aim(&whole).navigating().without("host").send_off_record().await;
            if unnamed.status != 400 {
                let same = unnamed.location();
                let is_for = |origin: &str| {
                    let origin = origin.replace(':', "%3A").replace('/', "%2F");
                    same.contains(&format!("redirect_uri={origin}%2Fcallback"))
                };
                assert!(is_for(origin) || is_for("https://app.localhost"), "{same}");
            }
            let parameter = |name| {
                let mut pairs = address.query_pairs();
                pairs.find(|(known, _)| known == name).expect(name).1.into_owned()
            };
            assert_eq!(parameter("redirect_uri"), format!("{origin}/callback"));
            // Logto knows the redirect URI of the first only; what is left is the app's own.
            for (sender, status) in [(origin, 303), ("https://evil.example", 403)] {
                let ask = visitor.ask("POST", "/sign-out").without("host").header("host", host);
                let answer = ask.header("origin", sender).send().await;
                assert_eq!(answer.status, status, "{sender}");
                if status == 303 {
                    let address = Url::parse(&answer.location()).expect("an address");
                    let mut pairs = address.query_pairs();
                    let back = pairs.find(|(name, _)| name == "post_logout_redirect_uri");
                    assert_eq!(back.expect("a way back").1, format!("{origin}/"));
                }
            }
        }));
    }
    cases.into_iter().map(|case| case.on(setup)).collect()
}
