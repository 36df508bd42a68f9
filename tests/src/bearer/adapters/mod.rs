//! The protected API in every framework.
//!
//! | route | asks for |
//! |---|---|
//! | `/any` | a token |
//! | `/read`, `/read-and-write`, `/read-or-write` | scopes |
//! | `/organizations/{organization}/things` | `read:things` in the organization of the path |
//! | `/of-header` | a token of the organization in `x-organization` |
//! | `/of-some`, `/of-none` | a token of some organization, of none |
//! | `/organizations/{organization}/members` | an organization token with `read:members` |
//! | `/machines`, `/users` | a machine's token, a user's |
//! | `/misplaced/{organization}` | an organization of a path parameter that the route has not |
//!
//! And an app that signs users in and lets its own pages call its API; `/read` answers
//! `POST` too.
//!
//! | route | asks for |
//! |---|---|
//! | `/read`, `/read-and-write` | a caller with scopes |
//! | `/organizations/{organization}/things` | a caller with `read:things` in that organization |

mod actix_web;
mod axum;
mod poem;
mod rocket;

use futures::future::BoxFuture;
use logto::Logto;
use logto::resource_server::Api;

use crate::conformance::Server;

/// A framework in which the API is served.
#[derive(Clone, Copy, Debug)]
pub struct Adapter {
    /// What the suite calls it.
    pub name: &'static str,
    pub(super) serve: fn(Api) -> BoxFuture<'static, Server>,
    pub(super) serve_app: fn(Logto, Api) -> BoxFuture<'static, Server>,
}

/// Every framework.
#[must_use]
pub fn all() -> Vec<Adapter> {
    vec![
        Adapter {
            name: "axum",
            serve: |api| Box::pin(axum::serve(api)),
            serve_app: |logto, api| Box::pin(axum::serve_app(logto, api)),
        },
        Adapter {
            name: "actix-web",
            serve: |api| Box::pin(actix_web::serve(api)),
            serve_app: |logto, api| Box::pin(actix_web::serve_app(logto, api)),
        },
        Adapter {
            name: "poem",
            serve: |api| Box::pin(poem::serve(api)),
            serve_app: |logto, api| Box::pin(poem::serve_app(logto, api)),
        },
        Adapter {
            name: "rocket",
            serve: |api| Box::pin(rocket::serve(api)),
            serve_app: |logto, api| Box::pin(rocket::serve_app(logto, api)),
        },
    ]
}
