//! Apps behind nginx with its default settings, in a real browser.

mod guide;
mod space;
mod streams;
mod tabs;
mod tokens;
mod uploads;
