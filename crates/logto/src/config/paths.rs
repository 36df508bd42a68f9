//! Paths of this app, with and without the path of the base URL.

use super::Settings;
use crate::local_path::{local_page, local_path};

impl Settings {
    /// A path or address of `origin` as the browser knows the page.
    pub(crate) fn page(&self, address: &str, origin: &str) -> Option<String> {
        let page = local_page(address, origin)?;
        self.outside(self.inside(&page))
    }

    /// The path below the base path, whether or not a proxy took that away.
    pub(crate) fn inside<'a>(&self, path: &'a str) -> &'a str {
        path.strip_prefix(self.base_path.as_str())
            .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
            .unwrap_or(path)
    }

    /// The path as the browser knows it.
    fn outside(&self, inside: &str) -> Option<String> {
        let page = format!("{}{inside}", self.base_path);
        local_path(page.split('#').next().unwrap_or(&page))?;
        Some(page)
    }
}
