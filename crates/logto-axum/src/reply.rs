//! Converts the core's replies into axum responses.

use axum::body::Body;
use axum::http;
use axum::response::{IntoResponse, Response};

/// An answer of the SDK. Handlers return it for what [`Auth`](crate::Auth) gives them, and as the
/// error of whatever talks to Logto.
///
/// # Example
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
pub struct Reply(pub logto::web::Reply);

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
        http::Response::<String>::from(self.0).map(Body::from)
    }
}
