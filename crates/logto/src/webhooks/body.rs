//! Lenient access to members of a JSON body.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON object. A member is read when it is asked for: users write some of them, and one that
/// cannot be read, because it is nested too deep for example, must not hide the others.
pub(super) struct Body<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Body<'a> {
    pub(super) fn parse(json: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json).map(Self)
    }

    fn member<T: serde::Deserialize<'a>>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.member(name)
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.member(name)
    }

    pub(super) fn is(&self, name: &str) -> Option<bool> {
        self.member(name)
    }

    pub(super) fn value(&self, name: &str) -> Option<Value> {
        self.member(name).filter(|value: &Value| !value.is_null())
    }

    pub(super) fn object(&self, name: &str) -> Option<Body<'a>> {
        self.member(name).map(Body)
    }

    /// A list of texts; empty if there is none.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let values: Vec<&RawValue> = self.member(name).unwrap_or_default();
        values.into_iter().filter_map(text_of).collect()
    }

    /// The texts of an object by their names.
    pub(super) fn map(&self, name: &str) -> BTreeMap<String, String> {
        let members = self.object(name).into_iter().flat_map(|object| object.0);
        members.filter_map(|(name, value)| Some((name, text_of(value)?))).collect()
    }
}

fn text_of(value: &RawValue) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}
