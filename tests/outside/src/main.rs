//! Signs alice in as a browser would, and out again.

use std::error::Error;

use axum::{Router, routing::get};
use logto_axum::{Logto, LogtoConfig, MaybeUser};
use logto_local::LocalTenant;
use reqwest::header::LOCATION;
use reqwest::{Client, redirect};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base_url = format!("http://localhost:{}", listener.local_addr()?.port());
    let tenant = LocalTenant::builder().base_url(&base_url).start().await?;
    let logto = Logto::new(
        LogtoConfig::new(tenant.endpoint(), tenant.app_id(), tenant.app_secret())
            .with_base_url(&base_url)
            .with_cookie_secret("a secret of at least 32 characters"),
    )?;
    tokio::spawn(async move { axum::serve(listener, app(&logto)).await });

    let browser =
        Client::builder().cookie_store(true).redirect(redirect::Policy::none()).build()?;
    let page = async || browser.get(&base_url).send().await?.text().await;
    assert_eq!(page().await?, "Hello visitor");

    let to_logto = browser.get(format!("{base_url}/sign-in")).send().await?;
    let callback = tenant.sign_in(to_logto.headers()[LOCATION].to_str()?, "alice").await?;
    browser.get(callback).send().await?;
    assert_eq!(page().await?, "Hello Alice Example");

    let sign_out = browser.post(format!("{base_url}/sign-out")).header("origin", &base_url);
    sign_out.send().await?;
    assert_eq!(page().await?, "Hello visitor");
    println!("alice signed in and out");
    Ok(())
}

fn app(logto: &Logto) -> Router {
    let hello = async |MaybeUser(user): MaybeUser| {
        let name = user.as_ref().and_then(|user| user.name());
        format!("Hello {}", name.unwrap_or("visitor"))
    };
    Router::new()
        .route("/", get(hello))
        .layer(logto_axum::layer(logto))
        .merge(logto_axum::routes(logto))
}
