//! What takes the place of what is refused.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use leptos_router::location::{Location, Url};

use crate::server_functions::Refused;

/// What a page shows when the server function refuses.
///
/// While a page is rendered on the server, the visitor is redirected and does not see this. In the browser, where
/// the router changes pages without the server, the effect leads to sign-in. `/sign-in` is not a page of the
/// router, so links to it are `external`.
#[component]
pub fn Instead(why: Refused) -> impl IntoView {
    let Location { pathname, search, .. } = use_location();
    let sign_in = move || {
        let (path, query) = (pathname.get(), search.get());
        let here = if query.is_empty() { path } else { format!("{path}?{query}") };
        format!("/sign-in?return_to={}", Url::escape(&here))
    };
    let is_sign_in = why == Refused::SignIn;
    Effect::new(move |_| {
        if is_sign_in {
            let _ = window().location().set_href(&sign_in());
        }
    });
    match why {
        Refused::SignIn => {
            view! { <p><a id="sign-in" rel="external" href=sign_in>"Sign in"</a></p> }.into_any()
        }
        Refused::NotAllowed => view! { <p id="not-allowed">"You may not see this."</p> }.into_any(),
        Refused::Failed => view! { <p>"That did not work. Try again in a moment."</p> }.into_any(),
    }
}
