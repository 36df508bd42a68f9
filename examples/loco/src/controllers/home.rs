//! Pages and JSON.

use loco_rs::prelude::*;
use logto_axum::{
    Auth, Caller, DirectSignIn, FromExtension, MaybeUser, Permission, Policy, Reply, SignInOptions,
    User,
};
use serde_json::json;

use crate::initializers::logto::READ;

/// May read things.
struct ReadThings;

impl Permission for ReadThings {
    const POLICY: Policy = Policy::new().with_scopes(&[READ]);
}

/// For all visitors.
async fn home(
    ViewEngine(view): ViewEngine<TeraView>,
    MaybeUser(user): MaybeUser,
) -> Result<Response> {
    let name = user.as_ref().map(|user| user.name().unwrap_or(user.sub()));
    format::render().view(&view, "home.html", data!({ "name": name }))
}

/// For signed-in users. Visitors are redirected to sign-in and return here.
async fn profile(ViewEngine(view): ViewEngine<TeraView>, user: User) -> Result<Response> {
    let name = user.name().unwrap_or(user.sub());
    format::render().view(&view, "profile.html", data!({ "name": name }))
}

/// For scripts, which get 401 instead of a redirect.
async fn profile_as_json(user: User) -> Result<Response> {
    format::json(json!({ "name": user.name() }))
}

/// For those who may read things, by an access token or by the session.
async fn things(_caller: FromExtension<Caller<ReadThings>>) -> Result<Response> {
    format::json(json!(["a lamp", "a chair"]))
}

/// Skips Logto's own page and goes straight to Hugging Face.
async fn sign_in_with_hugging_face(auth: Auth) -> Result<Reply, Reply> {
    let options = SignInOptions::new().with_direct_sign_in(DirectSignIn::hugging_face());
    Ok(auth.sign_in(options).await?.into())
}

/// The routes.
pub fn routes() -> Routes {
    Routes::new()
        .add("/", get(home))
        .add("/profile", get(profile))
        .add("/api/profile", post(profile_as_json))
        .add("/api/things", post(things))
        .add("/sign-in/hugging-face", get(sign_in_with_hugging_face))
}
