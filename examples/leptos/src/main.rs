//! The server. Without the feature `ssr`, when the browser's part is built, there is none.

#[cfg(feature = "ssr")]
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use example_leptos::app::{App, shell};
    use example_leptos::logto::sign_in_with_hugging_face;
    use example_leptos::server_functions::{READ, RESOURCE};
    use leptos::prelude::*;
    use leptos_axum::{LeptosRoutes, file_and_error_handler_with_context, generate_route_list};
    use logto_axum::{Logto, LogtoConfig};

    let config = LogtoConfig::from_env()?;
    let logto = Logto::new(config.with_scopes([READ]).with_resources([RESOURCE]))?;
    let api = logto.api(RESOURCE)?;
    let context = move || provide_context(api.clone());

    let leptos_options = get_configuration(Some("Cargo.toml"))?.leptos_options;
    let routes = generate_route_list(App);
    let app = Router::new()
        .route("/sign-in/hugging-face", get(sign_in_with_hugging_face))
        .leptos_routes_with_context(&leptos_options, routes, context.clone(), {
            let leptos_options = leptos_options.clone();
            move || shell(leptos_options.clone())
        })
        .fallback(file_and_error_handler_with_context::<LeptosOptions, _>(context, shell))
        .layer(from_fn(logto_axum::own_pages_only))
        .layer(logto_axum::layer(&logto))
        .merge(logto_axum::routes(&logto))
        .with_state(leptos_options);

    let listener = tokio::net::TcpListener::bind(("localhost", logto.port())).await?;
    Ok(axum::serve(listener, app).await?)
}

#[cfg(not(feature = "ssr"))]
fn main() {}
