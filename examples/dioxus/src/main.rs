//! Sign in with Hugging Face through Logto, on Dioxus.

mod pages;
mod server_functions;

use pages::App;

#[cfg(not(feature = "server"))]
fn main() {
    dioxus::launch(App);
}

#[cfg(feature = "server")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use dioxus::server::axum::Extension;
    use dioxus::server::axum::middleware::from_fn;
    use dioxus::server::axum::routing::get;
    use logto_axum::{Logto, LogtoConfig};
    use server_functions::{READ, RESOURCE, sign_in_with_hugging_face};

    let config = LogtoConfig::from_env()?;
    let logto = Logto::new(config.with_scopes([READ]).with_resources([RESOURCE]))?;
    let api = logto.api(RESOURCE)?;

    dioxus::serve(move || {
        let (logto, api) = (logto.clone(), api.clone());
        async move {
            Ok(dioxus::server::router(App)
                .route("/sign-in/hugging-face", get(sign_in_with_hugging_face))
                .layer(Extension(api))
                .layer(from_fn(logto_axum::own_pages_only))
                .layer(logto_axum::layer(&logto))
                .merge(logto_axum::routes(&logto)))
        }
    })
}
