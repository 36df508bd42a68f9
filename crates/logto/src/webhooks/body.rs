//! Lenient access to members of a JSON body.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A JSON object.
#[derive(Clone, Copy)]
pub(super) struct Body<'a>(pub(super) &'a Map<String, Value>);

impl<'a> Body<'a> {
    pub(super) fn text(self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    pub(super) fn number(self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    pub(super) fn is(self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    pub(super) fn value(self, name: &str) -> Option<Value> {
        self.0.get(name).filter(|value| !value.is_null()).cloned()
    }

    pub(super) fn object(self, name: &str) -> Option<Body<'a>> {
        self.0.get(name)?.as_object().map(Body)
    }

    /// A list of texts; empty if there is none.
    pub(super) fn texts(self, name: &str) -> Vec<String> {
        let values = self.0.get(name).and_then(Value::as_array).into_iter().flatten();
        values.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The texts of an object by their names.
    pub(super) fn map(self, name: &str) -> BTreeMap<String, String> {
        let members = self.object(name).into_iter().flat_map(|object| object.0.iter());
        let texts =
            members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
        texts.collect()
    }
}
