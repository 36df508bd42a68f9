//! Entities that are kept as the Management API shows them.

use serde_json::{Map, Value};

pub(crate) type Row = Map<String, Value>;

/// Rows in the order they were created; each has an `id`.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.0.iter()
    }

    pub(crate) fn insert(&mut self, row: Row) {
        self.0.push(row);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Row> {
        self.find("id", id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Row> {
        self.0.iter_mut().find(|row| text(row, "id") == id)
    }

    pub(crate) fn find(&self, member: &str, value: &str) -> Option<&Row> {
        self.0.iter().find(|row| text(row, member) == value)
    }

    /// Whether there was such a row.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|row| text(row, "id") != id);
        self.0.len() < before
    }

    pub(crate) fn remove_where(&mut self, member: &str, value: &str) {
        self.0.retain(|row| text(row, member) != value);
    }
}

/// As the Management API shows a row: with the tenant, and without what is told elsewhere.
pub(crate) fn visible(row: &Row, hidden: &[&str]) -> Row {
    let mut shown = row.clone();
    shown.retain(|member, _| !hidden.contains(&member.as_str()));
    shown.insert("tenantId".to_owned(), "default".into());
    shown
}

pub(crate) fn row(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}

pub(crate) fn text<'a>(row: &'a Row, member: &str) -> &'a str {
    row.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a list.
pub(crate) fn texts<'a>(row: &'a Row, member: &str) -> impl Iterator<Item = &'a str> {
    let list = row.get(member).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}
