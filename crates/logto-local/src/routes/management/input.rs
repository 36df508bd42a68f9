//! Validation of bodies, with the messages of Logto's validator.

use serde_json::{Value, json};

use super::refused::Refused;
use crate::call::Call;
use crate::directory::{Row, row};

/// A body as it came; anything but an object counts as an empty one.
pub(crate) fn body(call: &Call) -> Row {
    row(call.json.clone())
}

/// What is wrong with a body: an issue for programs, and a line for users.
#[derive(Default)]
pub(crate) struct Issues(Vec<(Value, String)>);

impl Issues {
    /// A member that has to be a text.
    pub(crate) fn text(&mut self, body: &Row, name: &str) {
        self.of_type("string", body.get(name), &[name.into()], Value::is_string);
    }

    /// A member that has to be an object.
    pub(crate) fn object(&mut self, body: &Row, name: &str) {
        self.of_type("object", body.get(name), &[name.into()], Value::is_object);
    }

    /// A member that has to be a list.
    pub(crate) fn list(&mut self, body: &Row, path: &[Value]) {
        let name = path.last().and_then(Value::as_str).unwrap_or_default();
        self.of_type("array", body.get(name), path, Value::is_array);
    }

    fn of_type(
        &mut self,
        expected: &str,
        found: Option<&Value>,
        path: &[Value],
        is: fn(&Value) -> bool,
    ) {
        if found.is_some_and(is) {
            return;
        }
        let received = name_of(found);
        let message = match found {
            None => "Required".to_owned(),
            Some(_) => format!("Expected {expected}, received {received}"),
        };
        let line = format!("Expected {expected} but received {received}.");
        let issue = json!({ "expected": expected, "received": received, "message": message });
        self.add("invalid_type", path, &line, issue);
    }

    /// A member that has to be one of some words.
    pub(crate) fn word(&mut self, body: &Row, name: &str, words: &[&str]) {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let expected = quoted.join(" | ");
        let path = [Value::from(name)];
        match body.get(name) {
            Some(word @ Value::String(_)) => self.word_at(word, &path, words),
            found => {
                let received = name_of(found);
                let line = format!("Expected {expected} but received {received}.");
                let issue =
                    json!({ "expected": expected, "received": received, "message": "Required" });
                self.add("invalid_type", &path, &line, issue);
            }
        }
    }

    /// A text that has to be one of some words.
    pub(crate) fn word_at(&mut self, found: &Value, path: &[Value], words: &[&str]) {
        let word = found.as_str().unwrap_or_default();
        if words.contains(&word) {
            return;
        }
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let expected = quoted.join(" | ");
        let line = format!("Invalid enum value. Expected {expected}, received '{word}'");
        let issue = json!({ "received": word, "options": words, "message": line });
        self.add("invalid_enum_value", path, &line, issue);
    }

    /// A list that must not be empty.
    pub(crate) fn at_least_one(&mut self, list: &[Value], path: &[Value]) {
        if list.is_empty() {
            let line = "Array must contain at least 1 element(s)";
            let issue = json!({
                "minimum": 1, "type": "array", "inclusive": true, "exact": false, "message": line,
            });
            self.add("too_small", path, line, issue);
        }
    }

    /// A number that must not be less.
    pub(crate) fn at_least(&mut self, found: Option<&Value>, path: &[Value], least: u64) {
        if found.and_then(Value::as_u64).is_some_and(|number| number < least) {
            let line = format!("Number must be greater than or equal to {least}");
            let issue = json!({
                "minimum": least, "type": "number", "inclusive": true, "exact": false, "message": line,
            });
            self.add("too_small", path, &line, issue);
        }
    }

    /// A number that must not be greater.
    pub(crate) fn at_most(&mut self, found: Option<&Value>, path: &[Value], most: u64) {
        if found.and_then(Value::as_u64).is_some_and(|number| number > most) {
            let line = format!("Number must be less than or equal to {most}");
            let issue = json!({
                "maximum": most, "type": "number", "inclusive": true, "exact": false, "message": line,
            });
            self.add("too_big", path, &line, issue);
        }
    }

    /// Something that does not pass a rule of Logto's own.
    pub(crate) fn custom(&mut self, path: &[Value]) {
        let issue = json!({ "message": "Invalid input" });
        self.add("custom", path, "Invalid input", issue);
    }

    /// A text that does not match a pattern.
    pub(crate) fn pattern(&mut self, path: &[Value]) {
        let issue = json!({ "validation": "regex", "message": "Invalid" });
        self.add("invalid_string", path, "Invalid", issue);
    }

    /// A text that is not a URL.
    pub(crate) fn url(&mut self, path: &[Value]) {
        let issue = json!({ "validation": "url", "message": "Invalid url" });
        self.add("invalid_string", path, "Invalid url", issue);
    }

    fn add(&mut self, code: &str, path: &[Value], line: &str, mut issue: Value) {
        let names: Vec<String> = path
            .iter()
            .map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned))
            .collect();
        if let Some(issue) = issue.as_object_mut() {
            issue.extend(row(json!({ "code": code, "path": path })));
        }
        let line = format!("Error in key path \"{}\": ({code}) {line}", names.join("."));
        self.0.push((issue, line));
    }

    /// Nothing, if nothing is wrong.
    pub(crate) fn check(self) -> Result<(), Refused> {
        self.refuse("guard.invalid_input", "The request body is invalid.")
    }

    pub(crate) fn refuse(self, code: &'static str, message: &str) -> Result<(), Refused> {
        if self.0.is_empty() {
            return Ok(());
        }
        let (issues, lines): (Vec<_>, Vec<_>) = self.0.into_iter().unzip();
        Err(Refused::bad_request(code, message)
            .with_data(json!({ "issues": issues, "name": "ZodError" }))
            .with_details(lines.join("\n")))
    }
}

/// The type of a value, as the validator calls it.
fn name_of(value: Option<&Value>) -> &'static str {
    match value {
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}
