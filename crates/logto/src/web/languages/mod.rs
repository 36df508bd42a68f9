//! The languages of the SDK's own pages.

/// A language, with its words for the English ones.
#[derive(Debug)]
pub(crate) struct Language {
    /// As in BCP 47.
    tag: &'static str,
    /// Pairs of lines, with an empty line between: the English text and the translation.
    texts: &'static str,
}

const ENGLISH: Language = Language { tag: "en", texts: "" };

const LANGUAGES: [&Language; 8] = [
    &ENGLISH,
    &Language { tag: "ar", texts: include_str!("ar.txt") },
    &Language { tag: "de", texts: include_str!("de.txt") },
    &Language { tag: "es", texts: include_str!("es.txt") },
    &Language { tag: "fr", texts: include_str!("fr.txt") },
    &Language { tag: "ja", texts: include_str!("ja.txt") },
    &Language { tag: "pt", texts: include_str!("pt.txt") },
    &Language { tag: "zh", texts: include_str!("zh.txt") },
];

impl Language {
    /// The language that a visitor likes best of those that there are (RFC 9110, section 12.5.4).
    /// Regions are passed over.
    pub(crate) fn accepted(accept_language: Option<&str>) -> &'static Self {
        let mut best = (0.0, &ENGLISH);
        for range in accept_language.unwrap_or_default().split(',') {
            let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
            let weight = match weight.trim().strip_prefix("q=") {
                Some(weight) => weight.trim().parse::<f32>().unwrap_or(0.0),
                None => 1.0,
            };
            let primary = tag.split('-').next().unwrap_or_default().trim();
            let known = LANGUAGES.iter().find(|known| known.tag.eq_ignore_ascii_case(primary));
            if let Some(language) = known.filter(|_| weight > best.0) {
                best = (weight, language);
            }
        }
        best.1
    }

    pub(crate) fn tag(&self) -> &'static str {
        self.tag
    }

    /// Which way it is written, as in HTML's `dir`.
    pub(crate) fn direction(tag: &str) -> &'static str {
        if tag == "ar" { "rtl" } else { "ltr" }
    }

    /// The text in this language; a text without a translation stays English.
    pub(crate) fn translate<'a>(&self, english: &'a str) -> &'a str {
        self.pairs().find(|(known, _)| *known == english).map_or(english, |(_, text)| text)
    }

    fn pairs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let mut lines = self.texts.lines().filter(|line| !line.is_empty());
        std::iter::from_fn(move || lines.next().zip(lines.next()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind, Wording};

    #[test]
    fn the_visitor_s_favourite_is_taken() {
        for (header, tag) in [
            (None, "en"),
            (Some(""), "en"),
            (Some("*"), "en"),
            (Some("fr"), "fr"),
            (Some("de-CH, fr;q=0.9"), "de"),
            (Some("en-GB,en;q=0.9,fr;q=0.8"), "en"),
            (Some("it, pt-BR;q=0.7, en;q=0.3"), "pt"),
            (Some("en;q=0.3, ja;q=0.7"), "ja"),
            (Some("ZH-Hans-CN"), "zh"),
            (Some("es;q=0, fr; q=0.1"), "fr"),
            (Some("fr;q=1e9, de;q=nan, x;y;z"), "fr"),
            (Some("de;level=1"), "de"),
            (Some("ar-EG"), "ar"),
        ] {
            assert_eq!(Language::accepted(header).tag, tag, "{header:?}");
        }
    }

    #[test]
    fn every_language_has_the_same_texts() {
        let keys = |language: &Language| language.pairs().map(|pair| pair.0).collect::<Vec<_>>();
        let [_, first, rest @ ..] = &LANGUAGES;
        for language in rest {
            assert_eq!(keys(language), keys(first), "{}", language.tag);
        }
        for (english, text) in LANGUAGES.iter().flat_map(|language| language.pairs()) {
            assert_eq!(english.contains("{origin}"), text.contains("{origin}"), "{text}");
        }
    }

    #[test]
    fn everything_that_went_wrong_has_a_translation() {
        let french = Language::accepted(Some("fr"));
        for kind in [
            ErrorKind::SignInRequired,
            ErrorKind::Unreachable,
            ErrorKind::StoreUnavailable,
            ErrorKind::AccessDenied,
            ErrorKind::InvalidRequest,
            ErrorKind::InvalidCallback,
            ErrorKind::MissingToken,
            ErrorKind::Forbidden,
            ErrorKind::Cancelled,
            ErrorKind::SessionTooLarge,
            ErrorKind::SignInRefused,
            ErrorKind::WrongUser,
            ErrorKind::SignInHookFailed,
            ErrorKind::NotConfigured,
            ErrorKind::Internal,
            ErrorKind::Refused,
        ] {
            let Wording { title, text, .. } = Wording::new(&Error::new(kind, ""));
            for english in [title, text] {
                assert_ne!(french.translate(english), english);
            }
        }
    }
}
