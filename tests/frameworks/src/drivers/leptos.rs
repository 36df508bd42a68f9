//! Leptos, with a page that asks for an access token while it streams.

use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, extract, generate_route_list};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;
use logto_axum::{Reply, TokenRequest, User};
use logto_tests::conformance::adapters::axum::{routes, with_logto};
use logto_tests::conformance::{Adapter, Server, TestApp};

#[derive(Debug)]
pub(super) struct Leptos;

impl Adapter for Leptos {
    const NAME: &'static str = "leptos";

    async fn serve(app: TestApp) -> Option<Server> {
        let options = LeptosOptions::builder().output_name("conformance").build();
        let context_app = app.clone();
        let router = axum::Router::<LeptosOptions>::new()
            .merge(routes(&app))
            .leptos_routes_with_context(
                &options,
                generate_route_list(App),
                move || provide_context(context_app.clone()),
                || view! { <App /> },
            )
            .with_state(options);
        Some(super::serve(with_logto(&app, router)).await)
    }
}

#[component]
fn App() -> impl IntoView {
    view! {
        <Router>
            <Routes fallback=|| "not here">
                <Route path=path!("late") view=Late />
            </Routes>
        </Router>
    }
}

/// Shows `early` at once, and `late` when the gate has opened and the token is renewed.
#[component]
fn Late() -> impl IntoView {
    let late = Resource::new(|| (), |()| renew());
    view! {
        <p>"early"</p>
        <Suspense fallback=|| "waiting">
            {move || Suspend::new(async move { late.await })}
        </Suspense>
    }
}

async fn renew() -> String {
    let Some(app) = use_context::<TestApp>() else { return "no app".to_owned() };
    let Ok(Ok(user)) = extract::<Result<User, Reply>>().await else { return "no user".to_owned() };
    app.gate.notified().await;
    match user.access_token(TokenRequest::opaque()).await {
        Ok(_) => "late".to_owned(),
        Err(error) => error.to_string(),
    }
}
