//! nginx's configuration in the guides about deploying and about proxies, as it is printed there.

use std::fs;
use std::sync::Arc;

use logto::{Logto, LogtoConfig};
use logto_local::LocalTenant;
use logto_tests::conformance::{TestApp, adapters};
use logto_tests::{Example, ExampleApp, Nginx, Visitor, free_port, signs_in_at};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use tokio::sync::Notify;

/// In place of `app.example.com`: a local tenant sends users to this machine only.
const HOST: &str = "app.localhost";

#[tokio::test]
async fn the_configuration_of_the_guide_is_enough() {
    let guide = fs::read_to_string("../docs/deploy.md").unwrap();
    let site = configurations(&guide)[0];
    let (proxy, port) = (free_port(), free_port());
    let base_url = format!("https://{HOST}:{proxy}");
    let tenant = LocalTenant::builder().base_url(&base_url).start().await.expect("a tenant");
    let mut environment = signs_in_at(&tenant).to_vec();
    let port_name = port.to_string();
    environment.push(("PORT", &port_name));
    let _app = ExampleApp::start_behind_proxy(Example::Axum, &base_url, port, &environment).await;
    let nginx = Nginx::start_with_certificate(proxy, |certificate, key| {
        replaced(site, "listen 443", &format!("listen 127.0.0.1:{proxy}"))
            .replace("/etc/ssl/app.pem", certificate)
            .replace("/etc/ssl/app.key", key)
            .replace("app.example.com", HOST)
            .replace("127.0.0.1:3000", &format!("127.0.0.1:{port}"))
    })
    .await;

    let browser = Client::builder()
        .no_proxy()
        .cookie_store(true)
        .redirect(Policy::none())
        .tls_danger_accept_invalid_certs(true)
        .resolve(HOST, ([127, 0, 0, 1], proxy).into())
        .build()
        .unwrap();
    let open = async |url: &str| {
        let request = browser.get(url).header("accept", "text/html");
        request.send().await.unwrap_or_else(|error| panic!("{error}: {}", nginx.log()))
    };
    let sign_in = open(&format!("{base_url}/sign-in?return_to=/profile")).await;
    let callback = tenant.sign_in(&location(&sign_in), "alice").await.unwrap();
    assert_eq!(location(&open(&callback).await), "/profile");
    let profile = open(&format!("{base_url}/profile")).await.text().await.unwrap();
    assert!(profile.contains("Alice Example"), "{profile}");
}

/// What passes the path on comes first in the guide, then what removes it.
#[tokio::test]
async fn an_app_is_below_a_path() {
    let guide = fs::read_to_string("../docs/behind-a-proxy.md").unwrap();
    let (_, below_a_path) = guide.split_once("## Below a path\n").expect("the section");
    let (below_a_path, _) = below_a_path.split_once("\n## ").expect("its end");
    let configurations = configurations(below_a_path);
    assert_eq!(configurations.len(), 2);
    for (configuration, mounted_at, slash) in
        [(configurations[0], "/shop", ""), (configurations[1], "", "/")]
    {
        let proxy = free_port();
        let path = format!("http://localhost:{proxy}/shop");
        let base_url = format!("{path}{slash}");
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.expect("a tenant");
        let config = LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
            .with_base_url(&base_url)
            .with_cookie_secret("a cookie secret for an app below a path");
        let app = TestApp {
            logto: Logto::new(config).expect("a configuration"),
            mounted_at,
            bare: false,
            without_routes: false,
            gate: Arc::new(Notify::new()),
        };
        let drivers = adapters::all();
        let axum = drivers.iter().find(|driver| driver.name == "axum").expect("axum");
        let server = axum.serve(app).await.expect("a server");
        let port = server.address.port();
        let site = replaced(configuration, "127.0.0.1:3000", &format!("127.0.0.1:{port}"));
        let nginx = Nginx::start_with(proxy, port, &site).await;

        let visitor = Visitor::new();
        let page = format!("{path}/page");
        assert_eq!(
            location(&visitor.open(&page).await),
            "/shop/sign-in?return_to=%2Fshop%2Fpage",
            "{}",
            nginx.log()
        );
        let sign_in = visitor.open(&format!("{path}/sign-in?return_to=%2Fshop%2Fpage")).await;
        let callback = tenant.sign_in(&location(&sign_in), "alice").await.expect("a sign-in");
        assert!(callback.starts_with(&format!("{path}/callback?")), "{callback}");
        assert_eq!(location(&visitor.open(&callback).await), "/shop/page");
        let page = visitor.open(&page).await.text().await.expect("a page");
        assert!(page.starts_with("hello "), "{page}");
        // What only begins like the path is somewhere else.
        let elsewhere = visitor.open(&format!("{path}ping/page")).await;
        assert_eq!(elsewhere.status(), 404, "{configuration}");
        if slash == "/" {
            assert_eq!(location(&visitor.open(&path).await), base_url);
        }
    }
}

/// The blocks of a guide that are for nginx.
fn configurations(guide: &str) -> Vec<&str> {
    let blocks = guide.split("```nginx\n").skip(1);
    blocks.map(|rest| rest.split_once("```").expect("its end").0).collect()
}

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is missing in {text}");
    text.replace(from, to)
}

fn location(response: &Response) -> String {
    let location = response.headers().get("location").expect("a redirect");
    location.to_str().unwrap().to_owned()
}
