//! Sign in with Hugging Face through Logto, on Leptos.

pub mod app;
pub mod instead;
#[cfg(feature = "ssr")]
pub mod logto;
pub mod pages;
pub mod server_functions;

/// Where the browser takes over from the server.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
