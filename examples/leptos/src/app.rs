//! The document and its routes.

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::pages::{Home, Profile, Things};

/// The document that the server renders.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The app.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Title text="Leptos and Logto" />
        <Router>
            <main>
                <Routes fallback=|| view! { <h1>"There is no such page"</h1> }>
                    <Route path=path!("") view=Home />
                    <Route path=path!("profile") view=Profile />
                    <Route path=path!("things") view=Things />
                </Routes>
            </main>
        </Router>
    }
}
