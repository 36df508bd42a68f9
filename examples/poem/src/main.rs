//! Sign in with Hugging Face through Logto, on poem.

#[path = "../../account.rs"]
mod account;
mod api;
#[path = "../../deployment.rs"]
mod deployment;
#[path = "../../hooks.rs"]
mod hooks;
#[path = "../../hub.rs"]
mod hub;
#[path = "../../templates/pages.rs"]
mod pages;
#[path = "../../shutdown.rs"]
mod shutdown;
#[path = "../../sse.rs"]
mod sse;
#[path = "../../things.rs"]
mod things;

use std::collections::HashMap;
use std::time::Duration;

use account::AtLogto;
use logto_poem::{
    Auth, DirectSignIn, FreshUser, Logto, LogtoConfig, MaybeUser, Reply, SignInOptions, User, logto,
};
use poem::endpoint::make_sync;
use poem::error::NotFoundError;
use poem::http::StatusCode;
use poem::listener::{Listener, TcpListener};
use poem::web::{Data, Form, Html, Json, Path, Query, Redirect};
use poem::{Body, EndpointExt, IntoResponse, Response, Server, get, handler, post};
use serde_json::{Value, json};
use things::{READ, RESOURCE};
use tracing_subscriber::EnvFilter;

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
    let things_api = api::service();
    let document = api::document(&things_api, &api)?;

    let app = logto_poem::routes(&logto)
        .at("/", get(home))
        .at("/profile", get(profile))
        .at("/api/me", get(me))
        .at("/events", get(events))
        .at("/sessions", get(sessions))
        .at("/sessions/logto", post(sessions_at_logto))
        .at("/sessions/:id/end", post(end_session))
        .at("/sessions/end-others", post(end_other_sessions))
        .at("/account", get(own_account))
        .at("/link/hugging-face", post(link_hugging_face))
        .at("/linked", get(linked))
        .at("/organizations/:id/switch", post(switch_organization))
        .at("/organizations/clear", post(clear_organization))
        .at("/things", get(show_things))
        .nest_no_strip("/api/things", things_api)
        .at("/openapi.json", get(make_sync(move |_| Json(document.clone()))))
        .at("/sign-in/hugging-face", get(sign_in_with_hugging_face))
        .at("/sign-in/silent", get(sign_in_silently))
        .at("/sign-in/as", get(sign_in_as))
        .at("/magic-link", get(magic_link).post(use_magic_link))
        .catch_error(not_found)
        .with(logto_poem::middleware(&logto))
        .data(logto.clone())
        .data(api);

    let address = deployment::address(&logto)?;
    let acceptor = TcpListener::bind(address)
        .into_acceptor()
        .await
        .map_err(|error| format!("{address}: {error}"))?;
    tracing::info!("open {}", logto.base_url());
    Server::new_with_acceptor(acceptor)
        // It waits for slow clients without a limit: on the internet it needs a proxy in front.
        .run_with_graceful_shutdown(app, shutdown::requested(), Some(Duration::from_secs(30)))
        .await?;
    // What outlived its request, such as a refresh, is finished before the process ends.
    logto.drain(Duration::from_secs(30)).await;
    Ok(())
}

/// For all visitors.
#[handler]
async fn home(MaybeUser(user): MaybeUser) -> Html<String> {
    Html(pages::home(user.as_ref()))
}

/// For signed-in users. Visitors are redirected to sign-in and return here.
#[handler]
async fn profile(user: User) -> Result<Html<String>, Reply> {
    let info = user.fetch_user_info().await?;
    let hub = hub::who_am_i(&user).await;
    Ok(Html(pages::profile(&user, &info, &hub)))
}

/// For scripts, which get 401 instead of a redirect.
#[handler]
async fn me(user: User) -> Json<Value> {
    Json(json!({ "sub": user.sub(), "name": user.name(), "email": user.email() }))
}

/// The sessions of the user, here and at Logto.
#[handler]
async fn sessions(user: User) -> Result<Html<String>, Reply> {
    Ok(Html(sessions_page(&user, &account::at_first(&user).await).await?))
}

type Fields = HashMap<String, String>;

/// A form about the sessions at Logto.
#[handler]
async fn sessions_at_logto(user: User, Form(form): Form<Fields>) -> Result<Html<String>, Reply> {
    user.context().require_own_page()?;
    let shown = account::after(&user, &form).await;
    Ok(Html(sessions_page(&user, &shown).await?))
}

async fn sessions_page(user: &User, logto: &AtLogto) -> Result<String, Reply> {
    Ok(pages::sessions(user, &user.sessions().await?, logto))
}

/// Ends one of them. Other sites cannot make a browser do it.
#[handler]
async fn end_session(user: User, Path(id): Path<String>) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.end_session(&id).await?;
    Ok(Redirect::see_other("/sessions"))
}

/// Ends all but this one.
#[handler]
async fn end_other_sessions(user: User) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.end_other_sessions().await?;
    Ok(Redirect::see_other("/sessions"))
}

/// Tells an open page when its session has ended.
#[handler]
async fn events(user: User) -> Response {
    let events = sse::events_until(user.session_ended());
    Response::builder()
        .content_type("text/event-stream")
        // nginx would hold the events back.
        .header("x-accel-buffering", "no")
        .body(Body::from_bytes_stream(events))
}

/// Needs a sign-in within the last five minutes.
#[handler]
async fn own_account(user: FreshUser<300>) -> Html<String> {
    Html(pages::account(&user))
}

/// Links the user's account at Hugging Face, or renews its token.
#[handler]
async fn link_hugging_face(user: User, Form(form): Form<Fields>) -> Result<Reply, Reply> {
    user.context().require_own_page()?;
    Ok(account::link_hugging_face(&user, &form).await?.into())
}

/// Hugging Face leads back here.
#[handler]
async fn linked(user: User) -> Result<Reply, Reply> {
    Ok(user.account().finish_link("/profile").await?.into())
}

/// Goes on in another organization, if the user is a member. The session remembers it.
#[handler]
async fn switch_organization(user: User, Path(id): Path<String>) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.switch_organization(id).await?;
    Ok(Redirect::see_other("/profile"))
}

/// Goes on without one.
#[handler]
async fn clear_organization(user: User) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.clear_organization().await?;
    Ok(Redirect::see_other("/profile"))
}

/// Calls the API with an access token of the user.
#[handler]
async fn show_things(user: User, Data(logto): Data<&Logto>) -> Result<Html<String>, Reply> {
    let sentence = things::sentence(&user, logto).await?;
    Ok(Html(pages::things(&user, &sentence)))
}

/// For unknown addresses.
async fn not_found(_: NotFoundError) -> Response {
    Html(pages::not_found()).with_status(StatusCode::NOT_FOUND).into_response()
}

/// Skips Logto's own page and goes straight to Hugging Face.
#[handler]
async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(auth.sign_in(options).await?.into())
}

/// Signs in those who are signed in at Logto, without a page. All others are visitors afterwards.
#[handler]
async fn sign_in_silently(auth: Auth) -> Result<Response, Reply> {
    let options = SignInOptions::new().with_post_redirect_uri("/");
    Ok(match auth.sign_in_silently(options).await? {
        Some(reply) => Reply::from(reply).into_response(),
        // It was tried a short while ago, or they are signed in.
        None => Redirect::see_other("/").into_response(),
    })
}

/// Only the user with this address can complete the sign-in.
#[handler]
async fn sign_in_as(auth: Auth, Query(mut query): Query<Fields>) -> Result<Reply, Reply> {
    let email = query.remove("email").unwrap_or_default();
    let options = SignInOptions::new().with_expected_email(email).with_post_redirect_uri("/");
    Ok(auth.sign_in(options).await?.into())
}

/// Where a link of the form `/magic-link#email=…&token=…` leads, which an app mails.
#[handler]
async fn magic_link() -> Html<String> {
    Html(pages::magic_link())
}

/// Signs in the owner of the address. Only from the page with the button: another site could sign
/// its visitors in as someone else.
#[handler]
async fn use_magic_link(auth: Auth, Form(mut form): Form<Fields>) -> Result<Reply, Reply> {
    auth.require_own_page()?;
    let mut field = |name| form.remove(name).unwrap_or_default();
    let options = SignInOptions::new().with_one_time_token(field("email"), field("token"));
    Ok(auth.sign_in(options.with_post_redirect_uri("/")).await?.into())
}
