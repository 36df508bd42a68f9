//! The authorization response: query, fragment, or form post.

use axum::http::StatusCode;
use axum::response::Response;
use url::{Url, form_urlencoded};

use crate::authorization_request::{ResponseMode, ReturnPath};
use crate::problem::Problem;
use crate::reply;
use crate::routes::templates::AutoSubmit;

impl ReturnPath {
    pub(crate) fn code(&self, code: &str, issuer: &str) -> Response {
        self.send(StatusCode::OK, vec![("code", code)], issuer)
    }

    pub(crate) fn error(&self, problem: &Problem, issuer: &str) -> Response {
        let mut fields = vec![("error", problem.error())];
        fields.extend(problem.description().map(|text| ("error_description", text)));
        fields.extend(problem.scope().map(|scope| ("scope", scope)));
        let mut response = self.send(StatusCode::BAD_REQUEST, fields, issuer);
        response.extensions_mut().insert(problem.refusal());
        response
    }

    /// The status matters for a form only: an error is 400 there.
    fn send<'a>(
        &'a self,
        form_status: StatusCode,
        mut fields: Vec<(&'a str, &'a str)>,
        issuer: &'a str,
    ) -> Response {
        fields.extend(self.state.as_deref().map(|state| ("state", state)));
        fields.push(("iss", issuer));
        let Ok(mut url) = Url::parse(&self.redirect_uri) else {
            return reply::text(StatusCode::BAD_REQUEST, "The redirect URI is not a URL.");
        };
        match self.mode {
            ResponseMode::Query => {
                url.query_pairs_mut().extend_pairs(&fields);
            }
            ResponseMode::Fragment => {
                let fragment =
                    form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
                url.set_fragment(Some(&fragment));
            }
            ResponseMode::FormPost => {
                return reply::page(
                    form_status,
                    &AutoSubmit { action: url.as_str(), fields: &fields },
                );
            }
        }
        reply::see_other(url.as_str())
    }
}
