//! Rust source as tokens, without comments and literals: as much as it takes to find paths.

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    /// `::`
    Separator,
    Mark(char),
}

/// Each token with its line, counted from 1.
pub(super) fn tokens(source: &str) -> Vec<(usize, Token<'_>)> {
    let mut tokens = Vec::new();
    let mut rest = source;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let (length, token) = next(rest, first);
        let (text, after) = rest.split_at(length);
        tokens.extend(token.map(|token| (line, token)));
        line += text.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The length of what `rest` begins with, and the token if it is one.
fn next(rest: &str, first: char) -> (usize, Option<Token<'_>>) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), None);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), None);
    }
    if let Some(length) = literal(rest) {
        return (length, None);
    }
    if rest.starts_with("::") {
        return (2, Some(Token::Separator));
    }
    if is_word(first) {
        let length = rest.find(|character| !is_word(character)).unwrap_or(rest.len());
        return (length, Some(Token::Word(&rest[..length])));
    }
    let token = (!first.is_whitespace()).then_some(Token::Mark(first));
    (first.len_utf8(), token)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest[at..];
        let step = match here {
            _ if here.starts_with("/*") => {
                depth += 1;
                2
            }
            _ if here.starts_with("*/") => {
                depth -= 1;
                2
            }
            _ => here.chars().next().map_or(1, char::len_utf8),
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a string or a character, or of the quote of a lifetime.
fn literal(rest: &str) -> Option<usize> {
    let after_prefix = rest.trim_start_matches(['b', 'c']);
    let prefix = rest.len() - after_prefix.len();
    if let Some(raw) = after_prefix.strip_prefix('r')
        && prefix <= 1
    {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = prefix + 1 + hashes + 1;
            return Some(rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len()));
        }
    }
    if prefix <= 1 && after_prefix.starts_with('"') {
        return Some(prefix + quoted(after_prefix, '"'));
    }
    if after_prefix.starts_with('\'') && prefix <= 1 {
        let mut characters = after_prefix.chars().skip(1);
        let character = characters.next() == Some('\\') || characters.next() == Some('\'');
        return Some(if character { prefix + quoted(after_prefix, '\'') } else { prefix + 1 });
    }
    None
}

/// The length of a literal that begins and ends with `quote`.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == quote => return at + quote.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<&str> {
        let words = tokens(source).into_iter().filter_map(|(_, token)| match token {
            Token::Word(word) => Some(word),
            _ => None,
        });
        words.collect()
    }

    #[test]
    fn comments_and_literals_hold_no_words() {
        assert_eq!(words("a // b\nc /* d /* e */ f */ g"), ["a", "c", "g"]);
        assert_eq!(words(r###"a("b \" c", r#"d " e"#, b"f", c"g", br"h\") i"###), ["a", "i"]);
        assert_eq!(words(r"a('b', '\'', b'c', '\u{64}') d"), ["a", "d"]);
    }

    #[test]
    fn lifetimes_and_prefixes_are_no_literals() {
        assert_eq!(words("fn a<'b>(c: &'b str) -> bcr"), ["fn", "a", "b", "c", "b", "str", "bcr"]);
    }

    #[test]
    fn lines_are_counted_through_comments_and_strings() {
        let source = "/* 1\n2 */ \"2\n3\" a\n::b";
        let expected = [(3, Token::Word("a")), (4, Token::Separator), (4, Token::Word("b"))];
        assert_eq!(tokens(source), expected);
    }
}
