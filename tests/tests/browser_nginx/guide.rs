//! nginx's configuration in the guide about deploying, as it is printed there.

use std::fs;

use logto_local::LocalTenant;
use logto_tests::{Example, ExampleApp, Nginx, free_port, signs_in_at};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

/// In place of `app.example.com`: a local tenant sends users to this machine only.
const HOST: &str = "app.localhost";

#[tokio::test]
async fn the_configuration_of_the_guide_is_enough() {
    let guide = fs::read_to_string("../docs/deploy.md").unwrap();
    let (_, rest) = guide.split_once("```nginx\n").expect("a configuration");
    let (site, _) = rest.split_once("```").expect("its end");
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

fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from} is missing in {text}");
    text.replace(from, to)
}

fn location(response: &Response) -> String {
    let location = response.headers().get("location").expect("a redirect");
    location.to_str().unwrap().to_owned()
}
