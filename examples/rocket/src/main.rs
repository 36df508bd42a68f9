//! Sign in with Hugging Face through Logto, on Rocket.

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
#[path = "../../things.rs"]
mod things;

use std::collections::HashMap;
use std::time::Duration;

use account::AtLogto;
use futures::stream::{self, Stream, StreamExt};
use logto_rocket::{
    Api, Auth, Authorized, DirectSignIn, FreshUser, Logto, LogtoConfig, MaybeUser, Reply,
    SignInOptions, User, logto,
};
use rocket::error::ErrorKind;
use rocket::form::Form;
use rocket::http::Header;
use rocket::response::Redirect;
use rocket::response::content::RawHtml;
use rocket::response::stream::{Event, EventStream};
use rocket::serde::json::{Value, json};
use rocket::{
    Config, Either, FromForm, Responder, Shutdown, State, catch, catchers, get, post, routes,
};
use things::{READ, RESOURCE, ReadThings};
use tracing_subscriber::EnvFilter;

#[rocket::main]
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

    let address = deployment::address(&logto)?;
    let figment = Config::figment()
        .merge(("address", address.ip()))
        .merge(("port", address.port()))
        // A sign-in under way is finished before the process ends: Logto may take ten seconds.
        // Rocket waits as long for idle connections.
        .merge(("shutdown.grace", 12));
    tracing::info!("open {}", logto.base_url());
    let ended = rocket::custom(figment)
        .attach(logto_rocket::fairing(&logto))
        .attach(logto_rocket::api_fairing(&api))
        .manage(logto.clone())
        .manage(api)
        .register("/", catchers![not_found])
        .mount(
            "/",
            routes![
                home,
                profile,
                me,
                events,
                sessions,
                sessions_at_logto,
                end_session,
                end_other_sessions,
                own_account,
                link_hugging_face,
                linked,
                switch_organization,
                clear_organization,
                own_things,
                api_things,
                api_document,
                sign_in_with_hugging_face,
                sign_in_silently,
                sign_in_as,
                magic_link,
                use_magic_link
            ],
        )
        // It stops on SIGTERM and Ctrl-C by itself. It waits for slow clients without a limit: on
        // the internet it needs a proxy in front.
        .launch()
        .await;
    // What outlived its request, such as a refresh, is finished before the process ends.
    logto.drain(Duration::from_secs(30)).await;
    match ended {
        // Rocket did not wait for a handler any longer. The SDK's part of it is done.
        Err(error) if matches!(error.kind(), ErrorKind::Shutdown(..)) => Ok(()),
        ended => Ok(ended.map(drop).map_err(|error| format!("{address}: {error}"))?),
    }
}

/// For all visitors.
#[get("/")]
async fn home(user: MaybeUser) -> RawHtml<String> {
    RawHtml(pages::home(user.0.as_ref()))
}

/// For signed-in users. Visitors are redirected to sign-in and return here.
#[get("/profile")]
async fn profile(user: User) -> Result<RawHtml<String>, Reply> {
    let info = user.fetch_user_info().await?;
    let hub = hub::who_am_i(&user).await;
    Ok(RawHtml(pages::profile(&user, &info, &hub)))
}

/// For scripts, which get 401 instead of a redirect.
#[get("/api/me")]
async fn me(user: User) -> Value {
    json!({ "sub": user.sub(), "name": user.name(), "email": user.email() })
}

/// The sessions of the user, here and at Logto.
#[get("/sessions")]
async fn sessions(user: User) -> Result<RawHtml<String>, Reply> {
    Ok(RawHtml(sessions_page(&user, &account::at_first(&user).await).await?))
}

type Fields = HashMap<String, String>;

/// A form about the sessions at Logto.
#[post("/sessions/logto", data = "<form>")]
async fn sessions_at_logto(user: User, form: Form<Fields>) -> Result<RawHtml<String>, Reply> {
    user.context().require_own_page()?;
    let shown = account::after(&user, &form).await;
    Ok(RawHtml(sessions_page(&user, &shown).await?))
}

async fn sessions_page(user: &User, logto: &AtLogto) -> Result<String, Reply> {
    Ok(pages::sessions(user, &user.sessions().await?, logto))
}

/// Ends one of them. Other sites cannot make a browser do it.
#[post("/sessions/<id>/end")]
async fn end_session(user: User, id: &str) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.end_session(id).await?;
    Ok(Redirect::to("/sessions"))
}

/// Ends all but this one.
#[post("/sessions/end-others")]
async fn end_other_sessions(user: User) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.end_other_sessions().await?;
    Ok(Redirect::to("/sessions"))
}

/// A response that nginx passes on at once.
#[derive(Responder)]
struct Unbuffered<R>(R, Header<'static>);

/// Tells an open page when its session has ended. A server that stops waits for open streams.
#[get("/events")]
fn events(
    user: User,
    shutdown: Shutdown,
) -> Unbuffered<EventStream<impl Stream<Item = Event> + Send>> {
    let ended = user.session_ended();
    // It has the whole request, and the stream may be open for hours.
    drop(user);
    let event = stream::once(async move {
        ended.await;
        Event::data("signed out").event("signed-out")
    });
    let events = EventStream::from(event.take_until(shutdown));
    Unbuffered(events, Header::new("x-accel-buffering", "no"))
}

/// Needs a sign-in within the last five minutes.
#[get("/account")]
async fn own_account(user: FreshUser<300>) -> RawHtml<String> {
    RawHtml(pages::account(&user))
}

/// Links the user's account at Hugging Face, or renews its token.
#[post("/link/hugging-face", data = "<form>")]
async fn link_hugging_face(user: User, form: Form<Fields>) -> Result<Reply, Reply> {
    user.context().require_own_page()?;
    Ok(account::link_hugging_face(&user, &form).await?.into())
}

/// Hugging Face leads back here.
#[get("/linked")]
async fn linked(user: User) -> Result<Reply, Reply> {
    Ok(user.account().finish_link("/profile").await?.into())
}

/// Goes on in another organization, if the user is a member. The session remembers it.
#[post("/organizations/<id>/switch")]
async fn switch_organization(user: User, id: &str) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.switch_organization(id).await?;
    Ok(Redirect::to("/profile"))
}

/// Goes on without one.
#[post("/organizations/clear")]
async fn clear_organization(user: User) -> Result<Redirect, Reply> {
    user.context().require_own_page()?;
    user.clear_organization().await?;
    Ok(Redirect::to("/profile"))
}

/// Calls the API with an access token of the user.
#[get("/things")]
async fn own_things(user: User, logto: &State<Logto>) -> Result<RawHtml<String>, Reply> {
    let sentence = things::sentence(&user, logto).await?;
    Ok(RawHtml(pages::things(&user, &sentence)))
}

/// The API. The route's signature is its authorization.
#[utoipa::path(get, path = "/api/things", security(("logto" = [READ])), responses((status = 200)))]
#[get("/api/things")]
async fn api_things(token: Authorized<ReadThings>) -> Value {
    json!({ "owner": token.sub(), "things": ["a lamp", "a chair"] })
}

/// The OpenAPI document.
#[get("/openapi.json")]
async fn api_document(api: &State<Api>) -> Value {
    json!(openapi::document(api))
}

/// For unknown addresses.
#[catch(404)]
fn not_found() -> RawHtml<String> {
    RawHtml(pages::not_found())
}

/// Skips Logto's own page and goes straight to Hugging Face.
#[get("/sign-in/hugging-face")]
async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(auth.sign_in(options).await?.into())
}

/// Signs in those who are signed in at Logto, without a page. All others are visitors afterwards.
#[get("/sign-in/silent")]
async fn sign_in_silently(auth: Auth) -> Result<Either<Reply, Redirect>, Reply> {
    let options = SignInOptions::new().with_post_redirect_uri("/");
    Ok(match auth.sign_in_silently(options).await? {
        Some(reply) => Either::Left(reply.into()),
        // It was tried a short while ago, or they are signed in.
        None => Either::Right(Redirect::to("/")),
    })
}

/// Only the user with this address can complete the sign-in.
#[get("/sign-in/as?<email>")]
async fn sign_in_as(auth: Auth, email: &str) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_expected_email(email).with_post_redirect_uri("/");
    Ok(auth.sign_in(options).await?.into())
}

/// Where a link of the form `/magic-link#email=…&token=…` leads, which an app mails.
#[get("/magic-link")]
fn magic_link() -> RawHtml<String> {
    RawHtml(pages::magic_link())
}

/// What its page posts.
#[derive(FromForm)]
struct MagicLink<'r> {
    email: &'r str,
    token: &'r str,
}

/// Signs in the owner of the address. Only from the page with the button: another site could sign
/// its visitors in as someone else.
#[post("/magic-link", data = "<form>")]
async fn use_magic_link(auth: Auth, form: Form<MagicLink<'_>>) -> Result<Reply, Reply> {
    auth.require_own_page()?;
    let options = SignInOptions::new().with_one_time_token(form.email, form.token);
    Ok(auth.sign_in(options.with_post_redirect_uri("/")).await?.into())
}
