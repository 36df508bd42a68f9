//! What became of a delivery, as `recent-logs` shows it.

use serde_json::{Value, json};

use super::delivery::{Failure, Outcome};
use crate::directory::{Row, row, text};
use crate::random;
use crate::state::Shared;

pub(super) fn log(
    tenant: &Shared,
    hook: &Row,
    event: &str,
    body: &str,
    outcome: Outcome,
) -> Option<Row> {
    let key = format!("TriggerHook.{event}");
    let sent: Value = serde_json::from_str(body).ok()?;
    let mut payload = row(json!({
        "key": key, "hookId": text(hook, "id"), "hookRequest": { "body": sent },
    }));
    let failure = match outcome {
        Ok((status, answer)) => {
            let answer = serde_json::from_str(&answer).unwrap_or(Value::String(answer));
            let response = json!({ "statusCode": status, "body": answer });
            payload.insert("response".to_owned(), response);
            (status >= 300).then(|| Failure::from_status(status, body))
        }
        Err(failure) => Some(failure),
    };
    let result = if failure.is_some() { "Error" } else { "Success" };
    payload.insert("result".to_owned(), result.into());
    payload.extend(failure.map(|failure| ("error".to_owned(), failure.logged().into())));
    Some(row(json!({
        "id": random::id(21).ok()?, "key": key, "payload": payload, "createdAt": tenant.clock.millis(),
    })))
}
