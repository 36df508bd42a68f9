//! Lists, and pages of lists.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;
use url::form_urlencoded;

use super::refused::Refused;
use crate::call::Call;
use crate::reply;
use crate::state::Tenant;

const PAGE_SIZE: usize = 20;
const LARGEST_PAGE: usize = 100;

/// One page of a list, with the total and links that, as Logto's, lack `/api`.
pub(super) fn paged(tenant: &Tenant, call: &Call, all: Vec<Value>) -> Result<Response, Refused> {
    let number = |name: &str, usual: usize| match call.query.get(name) {
        None => Ok(usual),
        Some(text) => text.parse().ok().filter(|number| *number > 0).ok_or_else(|| {
            Refused::bad_request(
                "guard.invalid_pagination",
                "The request pagination value is invalid.",
            )
        }),
    };
    let size = number("page_size", PAGE_SIZE)?.min(LARGEST_PAGE);
    let page = number("page", 1)?;
    let (total, last) = (all.len(), all.len().div_ceil(size).max(1));
    let shown: Vec<Value> = all.into_iter().skip((page - 1) * size).take(size).collect();
    let mut response = reply::json(StatusCode::OK, &shown);

    let mut links = vec![("first", 1)];
    if page > 1 {
        links.push(("prev", page - 1));
    }
    if page < last {
        links.push(("next", page + 1));
    }
    links.push(("last", last));
    let links = links.into_iter().map(|(name, page)| {
        let kept = call.query.0.iter().filter(|(name, _)| name != "page");
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("page", &page.to_string())
            .finish();
        let path = call.path.strip_prefix("/api").unwrap_or(&call.path);
        format!("<{}{path}?{query}>; rel=\"{name}\"", tenant.endpoint)
    });
    let headers = response.headers_mut();
    if let Ok(links) = HeaderValue::from_str(&links.collect::<Vec<_>>().join(", ")) {
        headers.insert(header::LINK, links);
    }
    headers.insert("total-number", total.into());
    Ok(response)
}
