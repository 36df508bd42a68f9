//! The SDK's own page: what happened, and how to go on.

use super::languages::Language;
use crate::config::{PageAction, PageActionKind, PageContent, Settings};
use crate::crypto::encoding;
use crate::reply::Reply;

/// A short page with a heading, a sentence, and a link or a button; in English, translated when it
/// is sent.
pub(crate) struct Page<'a> {
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
    /// Further words, not ours.
    pub(crate) detail: Option<&'a str>,
    pub(crate) next_action: NextAction,
}

/// What a user can do on the page.
pub(crate) struct NextAction {
    kind: PageActionKind,
    address: String,
    label: &'static str,
    /// Goes on by itself, where scripts run.
    script: Option<String>,
    /// Whether no page may frame this one, not even those that the app names.
    forbids_framing: bool,
}

impl NextAction {
    pub(crate) fn link(address: impl Into<String>, label: &'static str) -> Self {
        Self {
            kind: PageActionKind::Link,
            address: address.into(),
            label,
            script: None,
            forbids_framing: false,
        }
    }

    pub(crate) fn new_window(address: impl Into<String>, label: &'static str) -> Self {
        Self { kind: PageActionKind::NewWindow, ..Self::link(address, label) }
    }

    pub(crate) fn button(address: impl Into<String>, label: &'static str) -> Self {
        Self { kind: PageActionKind::Form, ..Self::link(address, label) }
    }

    pub(crate) fn with_script(self, script: String) -> Self {
        Self { script: Some(script), ..self }
    }

    /// A click here must be meant, so no page may lay itself over this one.
    pub(crate) fn without_framing(self) -> Self {
        Self { forbids_framing: true, ..self }
    }

    /// A callback's address may hold a code, which must not leak as a referrer. A form and a window
    /// have to tell this app where they come from.
    fn referrer_policy(&self) -> &'static str {
        match self.kind {
            PageActionKind::Link => "no-referrer",
            PageActionKind::NewWindow | PageActionKind::Form => "same-origin",
        }
    }
}

/// What shows a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// The browser itself, or Turbo that follows a link.
    Browser,
    /// Turbo, in place of the page with a form.
    TurboForm,
}

impl Reader {
    /// A link that Turbo followed is opened once more by the browser. After a form Turbo would load
    /// the page with the form again in place of this one.
    fn word_to_turbo(self) -> &'static str {
        match self {
            Self::Browser => "<meta name=\"turbo-visit-control\" content=\"reload\">\n",
            Self::TurboForm => "",
        }
    }
}

impl Page<'_> {
    /// Nothing is loaded, and nothing runs but the page's own script.
    const CONTENT_SECURITY_POLICY: &'static str =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; ";

    pub(crate) fn reply(
        &self,
        reader: Reader,
        status: u16,
        language: &Language,
        settings: &Settings,
    ) -> Reply {
        let content = PageContent {
            status,
            language: language.tag(),
            title: language.translate(self.title),
            text: language.translate(self.text),
            detail: self.detail,
            action: PageAction {
                kind: self.next_action.kind,
                address: &self.next_action.address,
                label: language.translate(self.next_action.label),
            },
            script: self.next_action.script.as_deref(),
        };
        let (mut policy, body) = match &settings.page_template {
            Some(template) => (String::new(), template.render(&content)),
            None => (Self::CONTENT_SECURITY_POLICY.to_owned(), render(&content, reader)),
        };
        if let Some(script) = content.script.filter(|_| !policy.is_empty()) {
            let hash = encoding::standard(encoding::sha256(&[script.as_bytes()]));
            policy.push_str(&format!("script-src 'sha256-{hash}'; "));
        }
        let ancestors = match self.next_action.forbids_framing {
            true => "'none'",
            false => settings.frame_ancestors.as_str(),
        };
        Reply::new(status)
            .with_header("content-type", "text/html; charset=utf-8")
            .with_header("content-security-policy", format!("{policy}frame-ancestors {ancestors}"))
            .with_header("content-language", language.tag())
            .with_header("referrer-policy", self.next_action.referrer_policy())
            .with_header("x-content-type-options", "nosniff")
            .with_body(body)
    }
}

impl Page<'_> {
    /// The page as the content of a frame of Turbo, which takes that out and shows it.
    pub(crate) fn in_turbo_frame(&self, status: u16, frame: &str, language: &Language) -> Reply {
        let translated = |text| escape(language.translate(text));
        let (title, label) = (translated(self.title), translated(self.next_action.label));
        let (frame, address) = (escape(frame), escape(&self.next_action.address));
        let body = format!(
            "<!doctype html><html lang=\"{}\"><title>{title}</title><body><turbo-frame id=\"{frame}\">\
             <p>{title}</p><p><a href=\"{address}\" target=\"_top\" data-turbo=\"false\">{label}</a></p>\
             </turbo-frame>",
            language.tag()
        );
        Reply::new(status)
            .with_header("content-type", "text/html; charset=utf-8")
            .with_header("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
            .with_header("x-content-type-options", "nosniff")
            .with_body(body)
    }
}

/// The page in the SDK's own design.
fn render(content: &PageContent<'_>, reader: Reader) -> String {
    let detail = match content.detail {
        Some(detail) => format!("<p class=\"detail\" dir=\"auto\">{}</p>", escape(detail)),
        None => String::new(),
    };
    let PageAction { kind, address, label } = content.action;
    let (address, label) = (escape(address), escape(label));
    let next_action = match kind {
        PageActionKind::Link => format!("<a href=\"{address}\">{label}</a>"),
        PageActionKind::NewWindow => {
            format!("<a href=\"{address}\" target=\"_blank\">{label}</a>")
        }
        PageActionKind::Form => {
            format!("<form method=\"post\" action=\"{address}\"><button>{label}</button></form>")
        }
    };
    let script = content.script.map(|script| format!("<script>{script}</script>\n"));
    include_str!("page.html")
        .replace("{turbo}", reader.word_to_turbo())
        .replace("{lang}", content.language)
        .replace("{dir}", Language::direction(content.language))
        .replace("{title}", &escape(content.title))
        .replace("{text}", &escape(content.text))
        .replace("{detail}", &detail)
        .replace("{next_action}", &next_action)
        .replace("{script}", &script.unwrap_or_default())
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
    use crate::LogtoConfig;

    fn settings(change: impl FnOnce(LogtoConfig) -> LogtoConfig) -> Settings {
        let config = LogtoConfig::new("https://t.logto.app", "app", "secret")
            .with_cookie_secret("0123456789abcdef0123456789abcdef");
        Settings::validate(change(config)).unwrap()
    }

    const PAGE: Page<'_> = Page {
        title: "You are not signed in",
        text: "x",
        detail: None,
        next_action: NextAction {
            kind: PageActionKind::Link,
            address: String::new(),
            label: "Sign in",
            script: None,
            forbids_framing: false,
        },
    };

    #[test]
    fn error_details_are_html_escaped() {
        let page = Page {
            detail: Some("<script>alert('{next_action}')</script>"),
            next_action: NextAction::link("/sign-in?return_to=%2F\"onclick=x", "Try again"),
            ..PAGE
        };
        let html = page
            .reply(Reader::Browser, 400, Language::accepted(None), &settings(|it| it))
            .into_body();
        assert!(!html.contains("<script>"), "{html}");
        assert!(!html.contains("\"onclick"), "{html}");
        assert_eq!(html.matches("/sign-in?").count(), 1, "{html}");
    }

    #[test]
    fn turbo_is_not_told_to_reload_after_a_form() {
        for (reader, reloads) in [(Reader::Browser, true), (Reader::TurboForm, false)] {
            let settings = settings(|it| it);
            let html = PAGE.reply(reader, 401, Language::accepted(None), &settings).into_body();
            assert_eq!(html.contains("turbo-visit-control"), reloads, "{html}");
            assert!(!html.contains("{turbo}"), "{html}");
        }
    }

    #[test]
    fn a_page_is_translated_and_says_its_language() {
        let page = Page { next_action: NextAction::link("/sign-in", "Sign in"), ..PAGE };
        let german = Language::accepted(Some("de-AT"));
        let html = page.reply(Reader::Browser, 401, german, &settings(|it| it)).into_body();
        assert!(html.contains("<html lang=\"de\" dir=\"ltr\">"), "{html}");
        assert!(html.contains("<title>Sie sind nicht angemeldet</title>"), "{html}");
        assert!(html.contains("<a href=\"/sign-in\">Anmelden</a>"), "{html}");
    }

    #[test]
    fn arabic_is_written_from_right_to_left() {
        let arabic = Language::accepted(Some("ar"));
        let html = PAGE.reply(Reader::Browser, 401, arabic, &settings(|it| it)).into_body();
        assert!(html.contains("<html lang=\"ar\" dir=\"rtl\">"), "{html}");
    }

    #[test]
    fn a_frame_of_turbo_gets_its_content_and_nothing_of_its_id() {
        let page =
            Page { next_action: NextAction::link("/sign-in?return_to=%2F", "Sign in"), ..PAGE };
        let german = Language::accepted(Some("de"));
        let html = page.in_turbo_frame(401, "a\"><script>", german).into_body();
        assert!(html.contains("<turbo-frame id=\"a&quot;&gt;&lt;script&gt;\">"), "{html}");
        assert!(html.contains("target=\"_top\" data-turbo=\"false\">Anmelden</a>"), "{html}");
    }

    #[test]
    fn an_app_can_make_the_page() {
        let settings = settings(|config| {
            config.with_page_template(|page| {
                let PageContent { status, language, title, action, .. } = page;
                format!("{status} {language} {title} {:?} {}", action.kind, action.address)
            })
        });
        let page = Page { next_action: NextAction::button("/sign-out", "Sign out"), ..PAGE };
        let reply = page.reply(Reader::Browser, 405, Language::accepted(Some("fr")), &settings);
        assert_eq!(reply.header("content-security-policy"), Some("frame-ancestors 'self'"));
        assert_eq!(reply.header("referrer-policy"), Some("same-origin"));
        let title = Language::accepted(Some("fr")).translate(PAGE.title);
        assert_eq!(reply.into_body(), format!("405 fr {title} Form /sign-out"));
    }
}
