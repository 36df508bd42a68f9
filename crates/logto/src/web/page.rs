//! The one page that the SDK shows itself: what happened, and the way on.

use super::languages::Language;
use crate::reply::Reply;

/// A short page with a heading, a sentence, and a link or a button; in English, translated when it is
/// sent.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
    /// Further words, not ours.
    pub(crate) detail: Option<&'a str>,
    pub(crate) way_on: WayOn,
}

/// What a person can do on the page.
pub(crate) struct WayOn {
    kind: Kind,
    address: String,
    label: &'static str,
}

enum Kind {
    Link,
    /// A link that opens a window of its own.
    NewWindow,
    /// Posts an empty form.
    Button,
}

impl WayOn {
    pub(crate) fn link(address: impl Into<String>, label: &'static str) -> Self {
        Self { kind: Kind::Link, address: address.into(), label }
    }

    pub(crate) fn new_window(address: impl Into<String>, label: &'static str) -> Self {
        Self { kind: Kind::NewWindow, ..Self::link(address, label) }
    }

    pub(crate) fn button(address: impl Into<String>, label: &'static str) -> Self {
        Self { kind: Kind::Button, ..Self::link(address, label) }
    }

    /// A callback's address may hold a code, which is nobody's business. A form has to tell this app
    /// where it comes from.
    fn referrer_policy(&self) -> &'static str {
        match self.kind {
            Kind::Link | Kind::NewWindow => "no-referrer",
            Kind::Button => "same-origin",
        }
    }

    fn render(&self, language: &Language) -> String {
        let label = escape(language.translate(self.label));
        let address = escape(&self.address);
        match self.kind {
            Kind::Link => format!("<a href=\"{address}\">{label}</a>"),
            Kind::NewWindow => {
                format!("<a href=\"{address}\" target=\"_blank\">{label}</a>")
            }
            Kind::Button => {
                format!(
                    "<form method=\"post\" action=\"{address}\"><button>{label}</button></form>"
                )
            }
        }
    }
}

impl Page<'_> {
    /// Nothing is loaded and nothing runs.
    const CONTENT_SECURITY_POLICY: &'static str =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'";

    pub(crate) fn reply(&self, status: u16, language: &Language, frame_ancestors: &str) -> Reply {
        let policy =
            format!("{}; frame-ancestors {frame_ancestors}", Self::CONTENT_SECURITY_POLICY);
        Reply::new(status)
            .with_header("content-type", "text/html; charset=utf-8")
            .with_header("content-security-policy", policy)
            .with_header("content-language", language.tag())
            .with_header("referrer-policy", self.way_on.referrer_policy())
            .with_header("x-content-type-options", "nosniff")
            .with_body(self.render(language))
    }

    fn render(&self, language: &Language) -> String {
        let detail = match self.detail {
            Some(detail) => format!("<p class=\"detail\" dir=\"auto\">{}</p>", escape(detail)),
            None => String::new(),
        };
        include_str!("page.html")
            .replace("{lang}", language.tag())
            .replace("{title}", &escape(language.translate(self.title)))
            .replace("{text}", &escape(language.translate(self.text)))
            .replace("{detail}", &detail)
            .replace("{way_on}", &self.way_on.render(language))
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '{' => escaped.push_str("&#123;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_stay_words() {
        let page = Page {
            title: "t",
            text: "x",
            detail: Some("<script>alert('{way_on}')</script>"),
            way_on: WayOn::link("/sign-in?return_to=%2F\"onclick=x", "Try again"),
        };
        let html = page.render(Language::accepted(None));
        assert!(!html.contains("<script>"), "{html}");
        assert!(!html.contains("\"onclick"), "{html}");
        assert_eq!(html.matches("/sign-in?").count(), 1, "{html}");
    }

    #[test]
    fn a_page_is_translated_and_says_its_language() {
        let page = Page {
            title: "You are not signed in",
            text: "x",
            detail: None,
            way_on: WayOn::link("/sign-in", "Sign in"),
        };
        let html = page.render(Language::accepted(Some("de-AT")));
        assert!(html.contains("<html lang=\"de\" dir=\"ltr\">"), "{html}");
        assert!(html.contains("<title>Sie sind nicht angemeldet</title>"), "{html}");
        assert!(html.contains("<a href=\"/sign-in\">Anmelden</a>"), "{html}");
    }
}
