//! Converts the core's replies into axum responses.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// An answer of the SDK. Handlers return it for what [`Auth`](crate::Auth) gives them, and as the
/// error of whatever talks to Logto.
///
/// ```
/// use logto_axum::{Reply, User};
///
/// async fn profile(user: User) -> Result<String, Reply> {
///     let info = user.fetch_user_info().await?;
///     Ok(format!("You are in {} organizations", info.organizations.len()))
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a reply does nothing until it is returned"]
pub struct Reply(logto::web::Reply);

impl From<logto::web::Reply> for Reply {
    fn from(reply: logto::web::Reply) -> Self {
        Self(reply)
    }
}

impl From<logto::Error> for Reply {
    fn from(error: logto::Error) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        let status = StatusCode::from_u16(self.0.status());
        *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.0.headers() {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().append(*name, value);
            }
        }
        *response.body_mut() = Body::from(self.0.into_body());
        response
    }
}
