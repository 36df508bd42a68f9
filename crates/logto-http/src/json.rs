//! Why JSON cannot be read.

use serde_json::Error;
use serde_json::error::Category;

/// How messages begin that quote a value and end with what was expected.
const QUOTING: [&str; 5] =
    ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant ", "unknown field "];

/// What is wrong with it, without the values in it: the parser's own message quotes them, and they
/// may be secrets.
#[must_use]
pub fn fault(error: &Error) -> String {
    if error.classify() != Category::Data {
        return "it is not JSON".to_owned();
    }
    let message = error.to_string();
    // Names of members that were looked for, and what was expected, are ours.
    if message.starts_with("missing field ") || message.starts_with("duplicate field ") {
        return message;
    }
    let quotes = QUOTING.iter().any(|beginning| message.starts_with(beginning));
    match message.rsplit_once(", expected ").filter(|_| quotes) {
        Some((_, expected)) => format!("a value is of another type: expected {expected}"),
        None => "a member is missing or of another type".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn it_is_told_without_values() {
        #[derive(Debug, Deserialize)]
        struct Answer {
            #[serde(rename = "access_token")]
            _token: String,
            #[serde(rename = "expires_in")]
            _seconds: u64,
        }
        for (json, expected) in [
            ("<html>", "it is not JSON"),
            (r#"{"expires_in":1}"#, "missing field `access_token` at line 1 column 16"),
            (
                r#"{"access_token":"secret","access_token":"secret"}"#,
                "duplicate field `access_token` at line 1 column 39",
            ),
            (
                r#"{"access_token":"a","expires_in":"secret, expected secret"}"#,
                "a value is of another type: expected u64 at line 1 column 58",
            ),
            (
                "[]",
                "a value is of another type: expected struct Answer with 2 elements at line 1 column 2",
            ),
        ] {
            let error = serde_json::from_str::<Answer>(json).unwrap_err();
            assert_eq!(fault(&error), expected);
        }
    }
}
