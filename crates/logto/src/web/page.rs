//! The one page that the SDK shows itself: a sign-in that did not work, and the way on.

/// A short page with a heading, a sentence, and a link.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
    /// Further words, not ours.
    pub(crate) detail: Option<&'a str>,
    /// Where to go on, and what the link says.
    pub(crate) link: (&'a str, &'a str),
}

impl Page<'_> {
    /// Nothing is loaded and nothing runs.
    pub(crate) const CONTENT_SECURITY_POLICY: &'static str =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

    pub(crate) fn render(&self) -> String {
        let detail = match self.detail {
            Some(detail) => format!("<p class=\"detail\">{}</p>", escape(detail)),
            None => String::new(),
        };
        let (address, label) = self.link;
        include_str!("page.html")
            .replace("{title}", &escape(self.title))
            .replace("{text}", &escape(self.text))
            .replace("{detail}", &detail)
            .replace("{label}", &escape(label))
            .replace("{address}", &escape(address))
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
            detail: Some("<script>alert('{address}')</script>"),
            link: ("/sign-in?return_to=%2F\"onclick=x", "Try again"),
        };
        let html = page.render();
        assert!(!html.contains("<script>"), "{html}");
        assert!(!html.contains("\"onclick"), "{html}");
        assert_eq!(html.matches("/sign-in?").count(), 1, "{html}");
    }
}
