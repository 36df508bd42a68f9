//! Pages of the app that replace the SDK's own.

use std::fmt;
use std::sync::Arc;

/// What a page of the SDK says: why a sign-in did not work, that a session has ended, and how to go
/// on. Texts are in the visitor's language and plain: escape them where you put them into HTML.
///
/// See [`LogtoConfig::with_page_template`](crate::LogtoConfig::with_page_template).
///
/// # Example
///
/// ```
/// # fn escape(text: &str) -> String { text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;") }
/// use logto::{PageActionKind, PageContent};
///
/// fn page(page: &PageContent<'_>) -> String {
///     let address = escape(page.action.address);
///     let label = escape(page.action.label);
///     let action = match page.action.kind {
///         PageActionKind::Form => {
///             format!(r#"<form method="post" action="{address}"><button>{label}</button></form>"#)
///         }
///         PageActionKind::NewWindow => format!(r#"<a href="{address}" target="_blank">{label}</a>"#),
///         _ => format!(r#"<a href="{address}">{label}</a>"#),
///     };
///     format!("<h1>{}</h1><p>{}</p>{action}", escape(page.title), escape(page.text))
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PageContent<'a> {
    /// The status code of the response.
    pub status: u16,
    /// The language of the texts, as in BCP 47.
    pub language: &'a str,
    /// What happened, in a few words.
    pub title: &'a str,
    /// What that means for the user, in a sentence or two.
    pub text: &'a str,
    /// Logto's own words, if there are any. They come from outside.
    pub detail: Option<&'a str>,
    /// What the user can do.
    pub action: PageAction<'a>,
    /// The text of a script with which the page goes on by itself, if it does: put it into a
    /// `<script>` behind the link, as it is. Only pages of
    /// [`with_partitioned_cookies`](crate::LogtoConfig::with_partitioned_cookies) have one; a
    /// frame gets its session by it.
    pub script: Option<&'a str>,
}

/// The one thing that a user can do on a page of the SDK.
///
/// # Example
///
/// ```
/// use logto::PageAction;
///
/// /// A link in your own style. Both texts are plain, and the address comes from outside.
/// fn link(action: &PageAction<'_>, escape: impl Fn(&str) -> String) -> String {
///     format!(r#"<a class="button" href="{}">{}</a>"#, escape(action.address), escape(action.label))
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PageAction<'a> {
    /// How it is done.
    pub kind: PageActionKind,
    /// Where it leads. Empty for the page itself, which is to be loaded again.
    pub address: &'a str,
    /// What a link or a button says.
    pub label: &'a str,
}

/// How a user goes on from a page of the SDK.
///
/// # Example
///
/// ```
/// use logto::PageActionKind;
///
/// /// The attributes of the link on a page.
/// fn attributes(kind: PageActionKind) -> &'static str {
///     match kind {
///         PageActionKind::NewWindow => r#" target="_blank""#,
///         _ => "",
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageActionKind {
    /// A link.
    Link,
    /// A link that opens a window of its own: `target="_blank"`.
    NewWindow,
    /// A form without fields that is sent with `POST`.
    Form,
}

/// Makes the HTML of the SDK's own pages.
#[derive(Clone)]
pub(crate) struct PageTemplate(Arc<dyn Fn(&PageContent<'_>) -> String + Send + Sync>);

impl PageTemplate {
    pub(super) fn new(
        template: impl Fn(&PageContent<'_>) -> String + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(template))
    }

    pub(crate) fn render(&self, content: &PageContent<'_>) -> String {
        (self.0)(content)
    }
}

impl fmt::Debug for PageTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageTemplate")
    }
}
