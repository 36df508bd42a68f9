//! Pictures that need no network.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::reply;
use crate::state::Shared;

/// A coloured disc with the first letter; only for users of the tenant and the example
/// organization.
pub(crate) async fn avatar(State(tenant): State<Shared>, Path(file): Path<String>) -> Response {
    let handle = file.strip_suffix(".svg").unwrap_or_default();
    let known = handle == "example-org" || tenant.store().user(handle).is_some();
    let Some(letter) = handle.chars().next().filter(|letter| known && letter.is_alphanumeric())
    else {
        return reply::text(StatusCode::NOT_FOUND, "Not Found");
    };
    let hue = handle.bytes().fold(220_u32, |hue, byte| (hue * 31 + u32::from(byte)) % 360);
    let letter = letter.to_uppercase();
    let svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="96" height="96"><rect width="96" height="96" rx="48" fill="hsl({hue} 55% 52%)"/><text x="48" y="63" font-family="system-ui, sans-serif" font-size="44" font-weight="600" text-anchor="middle" fill="#fff">{letter}</text></svg>"##
    );
    reply::typed(StatusCode::OK, "image/svg+xml", svg)
}
