//! Sign in with Hugging Face through Logto, on Actix Web.

#[path = "../../deployment.rs"]
mod deployment;
#[path = "../../hub.rs"]
mod hub;
#[path = "../../openapi.rs"]
mod openapi;
#[path = "../../templates/pages.rs"]
mod pages;

use actix_web::web::{Data, Html, Json, get};
use actix_web::{App, HttpServer, Responder};
use logto_actix_web::{
    Api, Auth, Authorized, DirectSignIn, Logto, LogtoConfig, MaybeUser, Permission, Policy, Reply,
    SignInOptions, User, logto,
};
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;

/// The API identifier of `/api/things` at Logto, with the permission `read:things`. People can sign in without it
/// too; then there are no things.
const RESOURCE: &str = "https://api.example.test";
const READ: &str = "read:things";

/// May read things.
struct ReadThings;

impl Permission for ReadThings {
    const POLICY: Policy = Policy::new().with_scopes(&[READ]);
}

#[actix_web::main]
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
    let (base_url, port) = (logto.base_url().clone(), deployment::port(&logto)?);

    let api = logto.api(RESOURCE)?;

    let app = move || {
        App::new()
            .app_data(Data::new(logto.clone()))
            .app_data(Data::new(api.clone()))
            .wrap(logto_actix_web::middleware(&logto))
            .configure(logto_actix_web::routes(&logto))
            .route("/", get().to(home))
            .route("/profile", get().to(profile))
            .route("/api/me", get().to(me))
            .route("/things", get().to(things))
            .route("/api/things", get().to(api_things))
            .route("/openapi.json", get().to(api_document))
            .route("/sign-in/hugging-face", get().to(sign_in_with_hugging_face))
    };

    let server = HttpServer::new(app)
        .bind(("0.0.0.0", port))
        .map_err(|error| format!("port {port}: {error}"))?;
    tracing::info!("open {base_url}");
    Ok(server.run().await?)
}

/// For everyone.
async fn home(MaybeUser(user): MaybeUser) -> Html {
    Html::new(pages::home(user.as_ref()))
}

/// For signed-in people: others are sent to sign-in and come back here.
async fn profile(user: User) -> Result<Html, Reply> {
    let info = user.fetch_user_info().await?;
    let hub = hub::who_am_i(&user).await;
    Ok(Html::new(pages::profile(&user, &info, &hub)))
}

/// For scripts: 401 instead of a redirect.
async fn me(user: User) -> Json<Value> {
    Json(json!({ "sub": user.sub(), "name": user.name(), "email": user.email() }))
}

/// A page that calls the API with an access token of the person.
async fn things(user: User, logto: Data<Logto>) -> Result<Html, Reply> {
    let token = user.access_token(RESOURCE).await?;
    let api = format!("http://localhost:{}/api/things", logto.port());
    let request = reqwest::Client::new().get(api);
    let answer = match request.bearer_auth(token.as_str()).send().await {
        Ok(answer) => answer.text().await.unwrap_or_default(),
        Err(error) => error.to_string(),
    };
    Ok(Html::new(pages::things(&user, &answer)))
}

/// The API: the route's signature is its authorization.
#[utoipa::path(get, path = "/api/things", security(("logto" = [READ])), responses((status = 200)))]
async fn api_things(token: Authorized<ReadThings>) -> Json<Value> {
    Json(json!({ "owner": token.sub(), "things": ["a lamp", "a chair"] }))
}

/// The API's description, for programs.
async fn api_document(api: Data<Api>) -> impl Responder {
    Json(openapi::document(&api))
}

/// Past Logto's own page, straight to Hugging Face.
async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(auth.sign_in(options).await?.into())
}
