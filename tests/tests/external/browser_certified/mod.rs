//! A real browser, and what others wrote: a certified OpenID provider, htmx, and Turbo.

mod journeys;
mod scripts;
