//! A Hugging Face Space that signs users in, in its frame on huggingface.co and at its own
//! address.

use std::env;
use std::net::Ipv4Addr;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use logto_axum::logto::web;
use logto_axum::{Logto, LogtoConfig, MaybeUser, User};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();

    // The address follows from SPACE_HOST, which every Space has. LOGTO_ENDPOINT, LOGTO_APP_ID,
    // LOGTO_APP_SECRET and LOGTO_COOKIE_SECRET are secrets of the Space.
    let config = LogtoConfig::from_env()?
        .with_scopes(["identities"])
        .with_frame_ancestors(["https://huggingface.co"])
        .with_partitioned_cookies();
    let logto = Logto::new(config)?;

    let app = Router::new()
        .route("/", get(home))
        .route("/profile", get(profile))
        .layer(logto_axum::layer(&logto))
        .merge(logto_axum::routes(&logto));
    let port = env::var("PORT").map_or(Ok(7860), |port| port.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
    Ok(axum::serve(listener, app).await?)
}

async fn home(MaybeUser(user): MaybeUser) -> Html<String> {
    page(&match user {
        Some(user) => signed_in(&user),
        None => "<p>You are not signed in.</p><a href=\"/sign-in\">Sign in</a>".to_owned(),
    })
}

async fn profile(User(user): User) -> Html<String> {
    page(&signed_in(&user))
}

fn signed_in(user: &web::User) -> String {
    let name = escape(user.name().unwrap_or("without a name"));
    format!(
        "<p>Signed in as <b id=\"user-name\">{name}</b>.</p>\
         <form method=\"post\" action=\"/sign-out\"><button>Sign out</button></form>"
    )
}

fn page(content: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><title>A Space</title>\
         <link rel=\"icon\" href=\"data:,\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <style>:root {{ color-scheme: light dark }} body {{ font: 1.1rem system-ui; margin: 2rem }}</style>\
         </head><body><main><h1>A Space</h1>{content}<p><a href=\"/profile\">Profile</a></p></main></body></html>"
    ))
}

/// Users choose their names themselves.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
