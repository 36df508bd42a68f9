//! The two pages; their HTML is in `examples/templates`.

use askama::Template;
use logto_rocket::logto::web::User;
use logto_rocket::logto::{HuggingFaceProfile, UserInfo};
use serde_json::Value;

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    user: Option<&'a User>,
}

#[derive(Template)]
#[template(path = "profile.html")]
struct Profile<'a> {
    user: Option<&'a User>,
    hugging_face: Option<HuggingFaceProfile<'a>>,
    claims: String,
    info: String,
}

/// The home page.
pub(crate) fn home(user: Option<&User>) -> String {
    html(&Home { user })
}

/// The profile page: what Logto knows, and what Hugging Face told it.
pub(crate) fn profile(user: &User, info: &UserInfo) -> String {
    let pretty = |value: Value| format!("{value:#}");
    html(&Profile {
        user: Some(user),
        hugging_face: info.hugging_face(),
        claims: user.claims().custom().map(pretty).unwrap_or_default(),
        info: info.custom().map(pretty).unwrap_or_default(),
    })
}

/// Rendering into memory fails only for a template that is wrong.
fn html(page: &impl Template) -> String {
    page.render()
        .unwrap_or_else(|error| format!("This page cannot be shown: {error}"))
}
