//! One line of a `.env` file: how values are written, and read.

use std::str::Chars;

/// `NAME=value`, also after `export`, quoted or not.
pub(super) fn assignment(line: &str) -> Option<(&str, String)> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(plain)).then(|| (name, unquoted(value)))
}

fn unquoted(value: &str) -> String {
    let mut letters = value.chars();
    match letters.next() {
        Some('\'') => letters.take_while(|c| *c != '\'').collect(),
        Some('"') => unescaped(letters),
        _ => {
            let (value, _) = value.split_once(" #").unwrap_or((value, ""));
            value.trim_end().to_owned()
        }
    }
}

/// The text up to the closing quotation mark.
fn unescaped(mut letters: Chars<'_>) -> String {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        let meant = match letter {
            '"' => break,
            '\\' => letters.next().map(|c| if c == 'n' { '\n' } else { c }),
            _ => Some(letter),
        };
        text.extend(meant);
    }
    text
}

/// A value as both a shell and a reader of `.env` files take it.
pub(crate) fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    let mut text = String::from('"');
    for c in value.chars() {
        match c {
            '\n' => text.push_str("\\n"),
            '"' | '\\' | '$' | '`' => text.extend(['\\', c]),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}
