//! Apps behind nginx with its default settings, in a real browser.

mod space;
mod streams;
mod tabs;
mod tokens;
mod uploads;
