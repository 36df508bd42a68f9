//! Leptos, Dioxus and Loco behave as axum does.

mod browser;
mod conformance;
mod examples;
mod guides;
