//! Sign in with Hugging Face through Logto, on axum.

#[path = "../../account.rs"]
mod account;
#[path = "../../deployment.rs"]
mod deployment;
#[path = "../../hooks.rs"]
mod hooks;
#[path = "../../hub.rs"]
mod hub;
#[path = "../../openapi.rs"]
mod openapi;
#[path = "../../templates/pages.rs"]
mod pages;
mod serve;
#[path = "../../shutdown.rs"]
mod shutdown;
#[path = "../../things.rs"]
mod things;

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use account::AtLogto;
use axum::extract::{FromRef, Path, RawForm, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::stream;
use logto_axum::{
    Api, Auth, Authorized, DirectSignIn, FreshUser, Logto, LogtoConfig, MaybeUser, Reply,
    SignInOptions, User, logto,
};
use serde_json::json;
use things::{READ, RESOURCE, ReadThings};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// What handlers share.
#[derive(Clone)]
struct App {
    logto: Logto,
    api: Api,
}

impl FromRef<App> for Api {
    fn from_ref(app: &App) -> Self {
        app.api.clone()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // sqlx warns of each lost connection and slow statement, and the SDK once of the store.
    let filter = EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info,sqlx=error"));
    tracing_subscriber::fmt().with_env_filter(filter).init();

    // LOGTO_ENDPOINT, LOGTO_APP_ID, LOGTO_APP_SECRET, LOGTO_COOKIE_SECRET and BASE_URL.
    // `identities` brings the Hugging Face profile, the long ones the organizations and the
    // sessions at Logto.
    let config = LogtoConfig::from_env()?
        .with_scopes([
            "email",
            "identities",
            "urn:logto:scope:organizations",
            "urn:logto:scope:sessions",
            READ,
        ])
        .with_resources([RESOURCE]);
    let config = deployment::with_storage(hooks::with_hooks(config)).await?;
    let logto = Logto::new(config)?;

    let api = logto.api(RESOURCE)?;

    let app = Router::new()
        .route("/", get(home))
        .route("/profile", get(profile))
        .route("/api/me", get(me))
        .route("/events", get(events))
        .route("/sessions", get(sessions))
        .route("/sessions/logto", post(sessions_at_logto))
        .route("/sessions/{id}/end", post(end_session))
        .route("/sessions/end-others", post(end_other_sessions))
        .route("/account", get(own_account))
        .route("/link/hugging-face", post(link_hugging_face))
        .route("/linked", get(linked))
        .route("/organizations/{id}/switch", post(switch_organization))
        .route("/organizations/clear", post(clear_organization))
        .route("/things", get(things))
        .route("/api/things", get(api_things))
        .route("/openapi.json", get(api_document))
        .route("/sign-in/hugging-face", get(sign_in_with_hugging_face))
        .route("/sign-in/silent", get(sign_in_silently))
        .route("/sign-in/as", get(sign_in_as))
        .route("/magic-link", get(magic_link).post(use_magic_link))
        .fallback(not_found)
        .layer(logto_axum::layer(&logto))
        .merge(logto_axum::routes(&logto))
        .with_state(App { logto: logto.clone(), api });

    let address = deployment::address(&logto)?;
    let listener =
        TcpListener::bind(address).await.map_err(|error| format!("{address}: {error}"))?;
    tracing::info!("open {}", logto.base_url());
    serve::serve(listener, app, shutdown::requested()).await;
    // What outlived its request, such as a refresh, is finished before the process ends.
    logto.drain(Duration::from_secs(30)).await;
    Ok(())
}

/// For all visitors.
async fn home(MaybeUser(user): MaybeUser) -> Html<String> {
    Html(pages::home(user.as_ref()))
}

/// For signed-in users. Visitors are redirected to sign-in and return here.
async fn profile(user: User) -> Result<Html<String>, Reply> {
    let info = user.fetch_user_info().await?;
    let hub = hub::who_am_i(&user).await;
    Ok(Html(pages::profile(&user, &info, &hub)))
}

/// For scripts, which get 401 instead of a redirect.
async fn me(user: User) -> impl IntoResponse {
    Json(json!({ "sub": user.sub(), "name": user.name(), "email": user.email() }))
}

/// The sessions of the user, here and at Logto.
async fn sessions(user: User) -> Result<Html<String>, Reply> {
    Ok(Html(sessions_page(&user, &account::at_first(&user).await).await?))
}

/// A form about the sessions at Logto.
async fn sessions_at_logto(user: User, form: RawForm) -> Result<Html<String>, Reply> {
    user.context().require_own_page()?;
    let shown = account::after(&user, &fields(&form)).await;
    Ok(Html(sessions_page(&user, &shown).await?))
}

fn fields(RawForm(form): &RawForm) -> HashMap<String, String> {
    url::form_urlencoded::parse(form).into_owned().collect()
}

async fn sessions_page(user: &User, logto: &AtLogto) -> Result<String, Reply> {
    Ok(pages::sessions(user, &user.sessions().await?, logto))
}

/// Ends one of them. Other sites cannot make a browser do it.
async fn end_session(user: User, Path(id): Path<String>) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.end_session(&id).await?;
    Ok(Redirect::to("/sessions"))
}

/// Ends all but this one.
async fn end_other_sessions(user: User) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.end_other_sessions().await?;
    Ok(Redirect::to("/sessions"))
}

/// Needs a sign-in within the last five minutes.
async fn own_account(user: FreshUser<300>) -> Html<String> {
    Html(pages::account(&user))
}

/// Links the user's account at Hugging Face, or renews its token.
async fn link_hugging_face(user: User, form: RawForm) -> Result<Reply, Reply> {
    user.context().require_own_page()?;
    Ok(account::link_hugging_face(&user, &fields(&form)).await?.into())
}

/// Hugging Face leads back here.
async fn linked(user: User) -> Result<Reply, Reply> {
    Ok(user.account().finish_link("/profile").await?.into())
}

/// Goes on in another organization, if the user is a member. The session remembers it.
async fn switch_organization(user: User, Path(id): Path<String>) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.switch_organization(id).await?;
    Ok(Redirect::to("/profile"))
}

/// Goes on without one.
async fn clear_organization(user: User) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.clear_organization().await?;
    Ok(Redirect::to("/profile"))
}

/// Tells an open page when its session has ended.
async fn events(user: User) -> impl IntoResponse {
    let ended = user.session_ended();
    let events = stream::once(async move {
        Ok::<_, Infallible>(tokio::select! {
            () = ended => Event::default().event("signed-out").data("signed out"),
            // A server that stops waits for open streams.
            () = shutdown::requested() => Event::default().comment("the server stops"),
        })
    });
    // nginx would hold the events back.
    ([("x-accel-buffering", "no")], Sse::new(events).keep_alive(KeepAlive::default()))
}

/// Calls the API with an access token of the user.
async fn things(user: User, State(app): State<App>) -> Result<Html<String>, Reply> {
    let sentence = things::sentence(&user, &app.logto).await?;
    Ok(Html(pages::things(&user, &sentence)))
}

/// The API. The route's signature is its authorization.
#[utoipa::path(get, path = "/api/things", security(("logto" = [READ])), responses((status = 200)))]
async fn api_things(token: Authorized<ReadThings>) -> impl IntoResponse {
    Json(json!({ "owner": token.sub(), "things": ["a lamp", "a chair"] }))
}

/// The OpenAPI document.
async fn api_document(State(app): State<App>) -> impl IntoResponse {
    Json(openapi::document(&app.api))
}

/// For unknown addresses.
async fn not_found() -> impl IntoResponse {
    (StatusCode::NOT_FOUND, Html(pages::not_found()))
}

/// Skips Logto's own page and goes straight to Hugging Face.
async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(auth.sign_in(options).await?.into())
}

/// Signs in those who are signed in at Logto, without a page. All others are visitors afterwards.
async fn sign_in_silently(auth: Auth) -> Result<Response, Reply> {
    let options = SignInOptions::new().with_post_redirect_uri("/");
    Ok(match auth.sign_in_silently(options).await? {
        Some(reply) => Reply::from(reply).into_response(),
        // It was tried a short while ago, or they are signed in.
        None => Redirect::to("/").into_response(),
    })
}

/// Only the user with this address can complete the sign-in.
async fn sign_in_as(auth: Auth, form: RawForm) -> Result<Reply, Reply> {
    let email = fields(&form).remove("email").unwrap_or_default();
    let options = SignInOptions::new().with_expected_email(email).with_post_redirect_uri("/");
    Ok(auth.sign_in(options).await?.into())
}

/// Where a link of the form `/magic-link#email=…&token=…` leads, which an app mails.
async fn magic_link() -> Html<String> {
    Html(pages::magic_link())
}

/// Signs in the owner of the address. Only from the page with the button: another site could sign
/// its visitors in as someone else.
async fn use_magic_link(auth: Auth, form: RawForm) -> Result<Reply, Reply> {
    auth.require_own_page()?;
    let mut form = fields(&form);
    let mut field = |name| form.remove(name).unwrap_or_default();
    let options = SignInOptions::new().with_one_time_token(field("email"), field("token"));
    Ok(auth.sign_in(options.with_post_redirect_uri("/")).await?.into())
}
