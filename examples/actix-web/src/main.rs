//! Sign in with Hugging Face through Logto, on Actix Web.

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
#[path = "../../shutdown.rs"]
mod shutdown;
#[path = "../../sse.rs"]
mod sse;
#[path = "../../things.rs"]
mod things;

use std::collections::HashMap;
use std::time::Duration;

use account::AtLogto;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Form, Html, Json, Path, Query, Redirect, head, resource, route};
use actix_web::{
    App, Either, FromRequest, Handler, HttpResponse, HttpResponseBuilder, HttpServer, Resource,
    Responder,
};
use futures::TryStreamExt;
use logto_actix_web::{
    Api, Auth, Authorized, DirectSignIn, FreshUser, Logto, LogtoConfig, MaybeUser, Reply,
    SignInOptions, User, logto,
};
use serde_json::{Value, json};
use things::{READ, RESOURCE, ReadThings};
use tracing_subscriber::EnvFilter;

#[actix_web::main]
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
    let (base_url, address) = (logto.base_url().clone(), deployment::address(&logto)?);

    let api = logto.api(RESOURCE)?;

    let shared = logto.clone();
    let app = move || {
        let logto = shared.clone();
        App::new()
            .app_data(Data::new(api.clone()))
            .wrap(logto_actix_web::middleware(&logto))
            .configure(logto_actix_web::routes(&logto))
            .app_data(Data::new(logto))
            .service(page("/", home))
            .service(page("/profile", profile))
            .service(page("/api/me", me))
            .service(resource("/events").get(events).route(head().to(events_without_body)))
            .service(page("/sessions", sessions))
            .service(resource("/sessions/logto").post(sessions_at_logto))
            .service(resource("/sessions/{id}/end").post(end_session))
            .service(resource("/sessions/end-others").post(end_other_sessions))
            .service(page("/account", own_account))
            .service(resource("/link/hugging-face").post(link_hugging_face))
            .service(page("/linked", linked))
            .service(resource("/organizations/{id}/switch").post(switch_organization))
            .service(resource("/organizations/clear").post(clear_organization))
            .service(page("/things", things))
            .service(page("/api/things", api_things))
            .service(page("/openapi.json", api_document))
            .service(page("/sign-in/hugging-face", sign_in_with_hugging_face))
            .service(page("/sign-in/silent", sign_in_silently))
            .service(page("/sign-in/as", sign_in_as))
            .service(page("/magic-link", magic_link).post(use_magic_link))
            .default_service(route().to(not_found))
    };

    // A client has 5 seconds to send its headers, unless `client_request_timeout` says otherwise.
    let server =
        HttpServer::new(app).bind(address).map_err(|error| format!("{address}: {error}"))?;
    tracing::info!("open {base_url}");
    // It stops on SIGTERM and Ctrl-C by itself, when the requests under way are answered.
    server.run().await?;
    // What outlived its request, such as a refresh, is finished before the process ends.
    logto.drain(Duration::from_secs(30)).await;
    Ok(())
}

/// A page. `App::route` would answer `HEAD` and all other methods with 404; a resource answers them
/// with 405.
fn page<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    resource(path).get(handler.clone()).route(head().to(handler))
}

/// For all visitors.
async fn home(MaybeUser(user): MaybeUser) -> Html {
    Html::new(pages::home(user.as_ref()))
}

/// For signed-in users. Visitors are redirected to sign-in and return here.
async fn profile(user: User) -> Result<Html, Reply> {
    let info = user.fetch_user_info().await?;
    let hub = hub::who_am_i(&user).await;
    Ok(Html::new(pages::profile(&user, &info, &hub)))
}

/// For scripts, which get 401 instead of a redirect.
async fn me(user: User) -> Json<Value> {
    Json(json!({ "sub": user.sub(), "name": user.name(), "email": user.email() }))
}

/// The sessions of the user, here and at Logto.
async fn sessions(user: User) -> Result<Html, Reply> {
    Ok(Html::new(sessions_page(&user, &account::at_first(&user).await).await?))
}

type Fields = HashMap<String, String>;

/// A form about the sessions at Logto.
async fn sessions_at_logto(user: User, form: Form<Fields>) -> Result<Html, Reply> {
    user.context().require_own_page()?;
    let shown = account::after(&user, &form).await;
    Ok(Html::new(sessions_page(&user, &shown).await?))
}

async fn sessions_page(user: &User, logto: &AtLogto) -> Result<String, Reply> {
    Ok(pages::sessions(user, &user.sessions().await?, logto))
}

/// Ends one of them. Other sites cannot make a browser do it.
async fn end_session(user: User, id: Path<String>) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.end_session(&id).await?;
    Ok(Redirect::to("/sessions").see_other())
}

/// Ends all but this one.
async fn end_other_sessions(user: User) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.end_other_sessions().await?;
    Ok(Redirect::to("/sessions").see_other())
}

/// Tells an open page when its session has ended.
async fn events(user: User) -> HttpResponse {
    let events = sse::events_until(user.session_ended());
    event_stream().streaming(events.map_ok(Bytes::from))
}

/// For `HEAD`: Actix Web would wait for the end of the stream.
async fn events_without_body(_: User) -> HttpResponse {
    event_stream().finish()
}

fn event_stream() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    // nginx would hold the events back.
    response.content_type("text/event-stream").insert_header(("x-accel-buffering", "no"));
    response
}

/// Needs a sign-in within the last five minutes.
async fn own_account(user: FreshUser<300>) -> Html {
    Html::new(pages::account(&user))
}

/// Links the user's account at Hugging Face, or renews its token.
async fn link_hugging_face(user: User, form: Form<Fields>) -> Result<Reply, Reply> {
    user.context().require_own_page()?;
    Ok(account::link_hugging_face(&user, &form).await?.into())
}

/// Hugging Face leads back here.
async fn linked(user: User) -> Result<Reply, Reply> {
    Ok(user.account().finish_link("/profile").await?.into())
}

/// Goes on in another organization, if the user is a member. The session remembers it.
async fn switch_organization(user: User, id: Path<String>) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.switch_organization(id.into_inner()).await?;
    Ok(Redirect::to("/profile").see_other())
}

/// Goes on without one.
async fn clear_organization(user: User) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.clear_organization().await?;
    Ok(Redirect::to("/profile").see_other())
}

/// Calls the API with an access token of the user.
async fn things(user: User, logto: Data<Logto>) -> Result<Html, Reply> {
    let sentence = things::sentence(&user, &logto).await?;
    Ok(Html::new(pages::things(&user, &sentence)))
}

/// The API. The route's signature is its authorization.
#[utoipa::path(get, path = "/api/things", security(("logto" = [READ])), responses((status = 200)))]
async fn api_things(token: Authorized<ReadThings>) -> Json<Value> {
    Json(json!({ "owner": token.sub(), "things": ["a lamp", "a chair"] }))
}

/// The OpenAPI document.
async fn api_document(api: Data<Api>) -> impl Responder {
    Json(openapi::document(&api))
}

/// For unknown addresses.
async fn not_found() -> impl Responder {
    (Html::new(pages::not_found()), StatusCode::NOT_FOUND)
}

/// Skips Logto's own page and goes straight to Hugging Face.
async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(auth.sign_in(options).await?.into())
}

/// Signs in those who are signed in at Logto, without a page. All others are visitors afterwards.
async fn sign_in_silently(auth: Auth) -> Result<Either<Reply, Redirect>, Reply> {
    let options = SignInOptions::new().with_post_redirect_uri("/");
    Ok(match auth.sign_in_silently(options).await? {
        Some(reply) => Either::Left(reply.into()),
        // It was tried a short while ago, or they are signed in.
        None => Either::Right(Redirect::to("/").see_other()),
    })
}

/// Only the user with this address can complete the sign-in.
async fn sign_in_as(auth: Auth, query: Query<Fields>) -> Result<Reply, Reply> {
    let email = query.into_inner().remove("email").unwrap_or_default();
    let options = SignInOptions::new().with_expected_email(email).with_post_redirect_uri("/");
    Ok(auth.sign_in(options).await?.into())
}

/// Where a link of the form `/magic-link#email=…&token=…` leads, which an app mails.
async fn magic_link() -> Html {
    Html::new(pages::magic_link())
}

/// Signs in the owner of the address. Only from the page with the button: another site could sign
/// its visitors in as someone else.
async fn use_magic_link(auth: Auth, Form(mut form): Form<Fields>) -> Result<Reply, Reply> {
    auth.require_own_page()?;
    let mut field = |name| form.remove(name).unwrap_or_default();
    let options = SignInOptions::new().with_one_time_token(field("email"), field("token"));
    Ok(auth.sign_in(options.with_post_redirect_uri("/")).await?.into())
}
