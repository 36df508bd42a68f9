//! Recordings of a real Logto (build A, 1.42), and what it means to be like them.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

pub(crate) fn load(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap()
}

fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded").join(file);
    std::fs::read_to_string(path).unwrap()
}

/// The names of the members of each entry, in the order in which they were recorded.
pub(crate) fn orders(file: &str) -> Vec<Vec<String>> {
    let entries: Vec<Names> = serde_json::from_str(&text(file)).unwrap();
    entries.into_iter().map(|names| names.0).collect()
}

/// The names of the members of an object, in their order.
pub(crate) fn order(object: &str) -> Vec<String> {
    serde_json::from_str::<Names>(object).unwrap().0
}

struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some((name, IgnoredAny)) = map.next_entry()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

pub(crate) fn entries(file: &str) -> Vec<Value> {
    load(file).as_array().unwrap().clone()
}

pub(crate) fn str_of<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry[name].as_str().unwrap_or_else(|| panic!("the recording has no {name}: {entry}"))
}

/// `[["name", "value"], …]`
pub(crate) fn pairs(value: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    value.as_array().unwrap().iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect()
}

/// The same keys and the same types, all the way down.
pub(crate) fn assert_same_shape(recorded: &Value, ours: &Value, at: &str) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            let keys =
                |map: &serde_json::Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(recorded), keys(ours), "members of {at}");
            for (key, value) in recorded {
                assert_same_shape(value, &ours[key], &format!("{at}.{key}"));
            }
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            assert_eq!(recorded.is_empty(), ours.is_empty(), "{at}: {ours:?}");
            if let (Some(recorded), Some(ours)) = (recorded.first(), ours.first()) {
                assert_same_shape(recorded, ours, &format!("{at}[0]"));
            }
        }
        (recorded, ours) => {
            let same = std::mem::discriminant(recorded) == std::mem::discriminant(ours);
            assert!(same, "{at}: recorded {recorded}, ours {ours}");
        }
    }
}
