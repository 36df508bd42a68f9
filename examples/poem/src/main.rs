//! Sign in with Hugging Face through Logto, on poem.

mod api;
#[path = "../../deployment.rs"]
mod deployment;
#[path = "../../hub.rs"]
mod hub;
#[path = "../../templates/pages.rs"]
mod pages;

use api::{READ, RESOURCE};
use logto_poem::{
    Auth, DirectSignIn, Logto, LogtoConfig, MaybeUser, Reply, SignInOptions, User, logto,
};
use poem::endpoint::make_sync;
use poem::listener::{Listener, TcpListener};
use poem::web::{Data, Html, Json};
use poem::{EndpointExt, Server, get, handler};
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).init();

    // LOGTO_ENDPOINT, LOGTO_APP_ID, LOGTO_APP_SECRET, LOGTO_COOKIE_SECRET and BASE_URL.
    // `identities` brings the Hugging Face profile.
    let config = LogtoConfig::from_env()?
        .with_scopes(["email", "identities", READ])
        .with_resources([RESOURCE]);
    let config = deployment::with_storage(config).await?;
    let logto = Logto::new(config)?;

    let api = logto.api(RESOURCE)?;
    let things_api = api::service();
    let document = api::document(&things_api, &api)?;

    let app = logto_poem::routes(&logto)
        .at("/", get(home))
        .at("/profile", get(profile))
        .at("/api/me", get(me))
        .at("/things", get(things))
        .nest_no_strip("/api/things", things_api)
        .at("/openapi.json", make_sync(move |_| Json(document.clone())))
        .at("/sign-in/hugging-face", get(sign_in_with_hugging_face))
        .with(logto_poem::middleware(&logto))
        .data(logto.clone())
        .data(api);

    let port = deployment::port(&logto)?;
    let acceptor = TcpListener::bind(("0.0.0.0", port))
        .into_acceptor()
        .await
        .map_err(|error| format!("port {port}: {error}"))?;
    tracing::info!("open {}", logto.base_url());
    Ok(Server::new_with_acceptor(acceptor).run(app).await?)
}

/// For everyone.
#[handler]
async fn home(MaybeUser(user): MaybeUser) -> Html<String> {
    Html(pages::home(user.as_ref()))
}

/// For signed-in people: others are sent to sign-in and come back here.
#[handler]
async fn profile(user: User) -> Result<Html<String>, Reply> {
    let info = user.fetch_user_info().await?;
    let hub = hub::who_am_i(&user).await;
    Ok(Html(pages::profile(&user, &info, &hub)))
}

/// For scripts: 401 instead of a redirect.
#[handler]
async fn me(user: User) -> Json<Value> {
    Json(json!({ "sub": user.sub(), "name": user.name(), "email": user.email() }))
}

/// A page that calls the API with an access token of the person.
#[handler]
async fn things(user: User, Data(logto): Data<&Logto>) -> Result<Html<String>, Reply> {
    let token = user.access_token(RESOURCE).await?;
    let api = format!("http://localhost:{}/api/things", logto.port());
    let request = reqwest::Client::new().get(api);
    let answer = match request.bearer_auth(token.as_str()).send().await {
        Ok(answer) => answer.text().await.unwrap_or_default(),
        Err(error) => error.to_string(),
    };
    Ok(Html(pages::things(&user, &answer)))
}

/// Past Logto's own page, straight to Hugging Face.
#[handler]
async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(auth.sign_in(options).await?.into())
}
