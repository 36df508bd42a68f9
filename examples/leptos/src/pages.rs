//! The pages. Their resources block: the answer may become a redirect, so its headers have to wait.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::instead::Instead;
use crate::server_functions::{name, profile, things};

/// For all visitors.
#[component]
pub fn Home() -> impl IntoView {
    let name = Resource::new_blocking(|| (), |()| name());
    let greeting = move || {
        Suspend::new(async move {
            match name.await {
                Ok(Some(name)) => view! {
                    <h1 id="greeting">"Hello " {name}</h1>
                    <p><A href="/profile">"Your profile"</A></p>
                    <p><A href="/things">"Your things"</A></p>
                    <form method="post" action="/sign-out">
                        <button id="sign-out">"Sign out"</button>
                    </form>
                }
                .into_any(),
                Ok(None) => view! {
                    <h1 id="greeting">"Hello"</h1>
                    <p><a id="sign-in" rel="external" href="/sign-in">"Sign in"</a></p>
                    <p>
                        <a rel="external" href="/sign-in/hugging-face">
                            "Continue with Hugging Face"
                        </a>
                    </p>
                }
                .into_any(),
                Err(why) => view! { <Instead why /> }.into_any(),
            }
        })
    };
    view! { <Suspense fallback=|| "…">{greeting}</Suspense> }
}

/// For signed-in users. Visitors are redirected to sign-in and return here.
#[component]
pub fn Profile() -> impl IntoView {
    let profile = Resource::new_blocking(|| (), |()| profile());
    let text = move || {
        Suspend::new(async move {
            match profile.await {
                Ok(text) => view! { <h1 id="profile">{text}</h1> }.into_any(),
                Err(why) => view! { <Instead why /> }.into_any(),
            }
        })
    };
    view! {
        <Suspense fallback=|| "…">{text}</Suspense>
        <p><A href="/">"Home"</A></p>
    }
}

/// For those who may read things.
#[component]
pub fn Things() -> impl IntoView {
    let things = Resource::new_blocking(|| (), |()| things());
    let list = move || {
        Suspend::new(async move {
            match things.await {
                Ok(things) => view! { <h1 id="things">{things.join(" and ")}</h1> }.into_any(),
                Err(why) => view! { <Instead why /> }.into_any(),
            }
        })
    };
    view! {
        <Suspense fallback=|| "…">{list}</Suspense>
        <p><A href="/">"Home"</A></p>
    }
}
