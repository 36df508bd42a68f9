//! The pages.

use dioxus::prelude::*;

use crate::server_functions::{name, profile, things};

#[derive(Clone, PartialEq, Routable)]
#[rustfmt::skip]
enum Route {
    #[route("/")]
    Home {},
    #[route("/profile")]
    Profile {},
    #[route("/things")]
    Things {},
}

/// The app.
#[allow(non_snake_case)]
pub fn App() -> Element {
    rsx! {
        document::Title { "Dioxus and Logto" }
        Router::<Route> {}
    }
}

/// For all visitors.
#[component]
fn Home() -> Element {
    let name = use_server_future(name)?;
    match name() {
        Some(Ok(Some(name))) => rsx! {
            h1 { id: "greeting", "Hello {name}" }
            p { Link { to: Route::Profile {}, "Your profile" } }
            p { Link { to: Route::Things {}, "Your things" } }
            form { method: "post", action: "/sign-out",
                button { id: "sign-out", "Sign out" }
            }
        },
        Some(Ok(None)) => rsx! {
            h1 { id: "greeting", "Hello" }
            p { a { id: "sign-in", href: "/sign-in", "Sign in" } }
            p { a { href: "/sign-in/hugging-face", "Continue with Hugging Face" } }
        },
        Some(Err(error)) => rsx! { Instead { error, page: "/" } },
        None => rsx! {},
    }
}

/// For signed-in users. Visitors are redirected to sign-in and return here.
#[component]
fn Profile() -> Element {
    let profile = use_server_future(profile)?;
    match profile() {
        Some(Ok(text)) => rsx! {
            h1 { id: "profile", "{text}" }
            p { Link { to: Route::Home {}, "Home" } }
        },
        Some(Err(error)) => rsx! { Instead { error, page: "/profile" } },
        None => rsx! {},
    }
}

/// For those who may read things.
#[component]
fn Things() -> Element {
    let things = use_server_future(things)?;
    match things() {
        Some(Ok(things)) => rsx! {
            h1 { id: "things", {things.join(" and ")} }
            p { Link { to: Route::Home {}, "Home" } }
        },
        Some(Err(error)) => rsx! { Instead { error, page: "/things" } },
        None => rsx! {},
    }
}

/// What a page shows when the server function refuses.
///
/// The extractors answer a page that is rendered with a redirect (303) and a call of the browser with 401. On the
/// server the redirect is sent on. In the browser, where the router changes pages without the server, the visitor
/// follows the link; it is no `Link`, because `/sign-in` is not a page of the router.
#[component]
fn Instead(error: ServerFnError, page: String) -> Element {
    let code = match error {
        ServerFnError::ServerError { code, .. } => code,
        _ => 500,
    };
    let sign_in = format!("/sign-in?return_to={}", page.replace('/', "%2F"));
    #[cfg(feature = "server")]
    answer(code, &sign_in);
    match code {
        303 | 401 => rsx! { p { a { id: "sign-in", href: "{sign_in}", "Sign in" } } },
        403 => rsx! { p { id: "not-allowed", "You may not see this." } },
        _ => rsx! { p { "That did not work. Try again in a moment." } },
    }
}

/// Gives the page the status of the refusal, as long as its headers have not left.
#[cfg(feature = "server")]
fn answer(code: u16, sign_in: &str) {
    use dioxus::fullstack::FullstackContext;
    use dioxus::server::axum::http::{HeaderValue, StatusCode, header::LOCATION};

    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_redirection() {
        let sign_in = HeaderValue::from_str(sign_in);
        if let (Some(context), Ok(sign_in)) = (FullstackContext::current(), sign_in) {
            context.add_response_header(LOCATION, sign_in);
        }
    }
    FullstackContext::commit_http_status(status, None);
}
