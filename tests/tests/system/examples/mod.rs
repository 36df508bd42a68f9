//! What the README and the guides show: the demo, the example apps, `logto setup`.

mod demo;
mod openapi;
mod pages;
mod readme;
mod setup;
mod slow_clients;
