//! Apps behind nginx with its default settings, in a real browser.

mod guide;
mod space;
mod tabs;
mod tokens;
