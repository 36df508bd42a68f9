//! Text of another party, made fit to be shown.

use url::form_urlencoded;

/// Shorter values are not cut out of a text: they may stand there by chance.
const SHORTEST_SECRET: usize = 8;

/// The text on one line, for a log or a page: `replacement` stands for control characters and for
/// those that break lines or turn the direction of the text around them (Unicode Standard Annex #9,
/// section 2), with which a text can pretend to end where it does not.
#[must_use]
pub fn printable(text: &str, replacement: char, max_chars: usize) -> String {
    text.chars().map(|c| if is_command(c) { replacement } else { c }).take(max_chars).collect()
}

fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// The text without what was sent, should an answer repeat it.
#[must_use]
pub fn redact(text: String, secrets: &[&str]) -> String {
    let long = secrets.iter().filter(|secret| secret.len() >= SHORTEST_SECRET);
    long.fold(text, |text, secret| {
        // As it was sent in a form, too.
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        text.replace(*secret, "[redacted]").replace(&encoded, "[redacted]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_on_its_line_and_in_its_direction() {
        let printable = |text| printable(text, ' ', 200);
        assert_eq!(printable("a\nb\u{2028}c\u{2029}d"), "a b c d");
        assert_eq!(printable("no\u{202e}txt\u{202c}\u{2066}x\u{2069}"), "no txt  x ");
        assert_eq!(printable("a\u{200e}b\u{200f}c\u{61c}d"), "a b c d");
        let arabic = "مرحبا, \u{200b}é 👩\u{200d}💻";
        assert_eq!(printable(arabic), arabic);
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(printable("ééé", '?', 2), "éé");
    }

    #[test]
    fn secrets_are_cut_out_and_short_words_stay() {
        let text = redact("the code 12345678 of app 42".to_owned(), &["12345678", "42"]);
        assert_eq!(text, "the code [redacted] of app 42");
        let text = redact("sent s3cr3t%2FZq%2B".to_owned(), &["s3cr3t/Zq+"]);
        assert_eq!(text, "sent [redacted]");
    }
}
