//! Recordings of a real Logto (build A, 1.42), and what it means to be like them.

use std::path::Path;

use serde_json::Value;

pub(crate) fn load(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded").join(file);
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap()
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
