//! The account center: whether apps may show and change the accounts of those who are signed in to
//! them.

use serde_json::{Map, Value, json};

use super::change::Step;
use super::{Change, HuggingFaceSetup, Plan};
use crate::{AccountCenterSettings, Error, Management};

/// What an app can let users do with their account. Addresses and passwords are changed on Logto's
/// own pages, which verify them.
const FIELDS: [(&str, &str); 10] = [
    ("name", "Edit"),
    ("avatar", "Edit"),
    ("profile", "Edit"),
    ("username", "Edit"),
    ("email", "ReadOnly"),
    ("phone", "ReadOnly"),
    ("password", "ReadOnly"),
    ("social", "Edit"),
    ("customData", "Edit"),
    ("session", "Edit"),
];

pub(super) async fn plan(
    setup: &HuggingFaceSetup,
    management: &Management,
    plan: &mut Plan,
) -> Result<(), Error> {
    if !setup.account_api && !setup.token_storage {
        return Ok(());
    }
    let now = management.account_center().get().await?;
    let title = match setup.account_api {
        true => "let users see and change their account in apps",
        false => "let apps read the tokens of the users who are signed in to them",
    };
    let mut change =
        Change::new(title, Step::ChangeAccountCenter { opens_fields: setup.account_api });
    if !now.enabled {
        change.differs("Account API", Some("off".to_owned()), "on");
    }
    if setup.account_api {
        for (field, wanted) in missing(&now.fields) {
            change.differs(field, Some(level(&now.fields, field).to_owned()), wanted);
        }
    }
    if !change.differences.is_empty() {
        plan.changes.push(change);
    }
    Ok(())
}

/// The members to send: what is open stays open, and Logto replaces the fields as a whole.
pub(super) fn changes(now: AccountCenterSettings, opens_fields: bool) -> Value {
    if !opens_fields {
        return json!({ "enabled": true });
    }
    let mut fields = now.fields;
    let opened: Vec<_> = missing(&fields).collect();
    fields.extend(opened.into_iter().map(|(field, wanted)| (field.to_owned(), wanted.into())));
    json!({ "enabled": true, "fields": fields })
}

/// The fields that are less open than an app needs.
fn missing(fields: &Map<String, Value>) -> impl Iterator<Item = (&'static str, &'static str)> {
    let is_open = |(field, wanted): &(&str, &str)| {
        matches!((level(fields, field), *wanted), ("Edit", _) | ("ReadOnly", "ReadOnly"))
    };
    FIELDS.into_iter().filter(move |field| !is_open(field))
}

fn level<'a>(fields: &'a Map<String, Value>, field: &str) -> &'a str {
    fields.get(field).and_then(Value::as_str).unwrap_or("Off")
}
