//! All recorded deliveries, and each of them with every bit flipped.

use secrecy::SecretString;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    signing_keys: Vec<String>,
    deliveries: Vec<RecordedDelivery>,
    unsigned: Vec<Unsigned>,
}

/// A body whose signature was not recorded.
#[derive(Deserialize)]
struct Unsigned {
    body: String,
}

#[derive(Deserialize)]
struct RecordedDelivery {
    version: String,
    signature: String,
    body: String,
}

fn file() -> Recorded {
    serde_json::from_str(include_str!("../../tests/recorded/webhooks.json")).unwrap()
}

fn recorded() -> (Vec<SecretString>, Vec<RecordedDelivery>) {
    let Recorded { signing_keys, deliveries, .. } = file();
    (signing_keys.into_iter().map(SecretString::from).collect(), deliveries)
}

fn delivery(body: &str) -> Delivery {
    Delivery::parse(body.as_bytes()).unwrap()
}

#[test]
fn every_recorded_delivery_is_signed_and_decodes() {
    let (keys, deliveries) = recorded();
    let mut real = Vec::new();
    let mut tests = Vec::new();
    for RecordedDelivery { version, signature, body } in &deliveries {
        assert!(is_signed(&keys, body.as_bytes(), signature), "{body}");
        let read = delivery(body);
        assert!(Event::NAMES.contains(&read.name()), "{body}");
        assert_ne!(*read.event(), Event::Unknown, "{body}");
        assert_eq!(read.hook_id().len(), 21);
        assert!((1_795_800_000..1_795_900_000).contains(&read.created_at_seconds()), "{body}");
        let is_test = body.contains("fake-user-agent");
        assert_eq!(*read.event() == Event::Test, is_test, "{body}");
        if version == "1.43" {
            if is_test { &mut tests } else { &mut real }.push(read.name().to_owned());
        }
    }
    for name in Event::NAMES {
        assert!(real.iter().any(|known| known == name), "{name}");
        assert!(tests.iter().any(|known| known == name), "{name}");
    }
    assert_eq!(Event::NAMES.len(), 29);
}

#[test]
fn a_sign_in_at_a_client_without_registration_names_its_document() {
    let bodies: Vec<String> = file().unsigned.into_iter().map(|recorded| recorded.body).collect();
    let [body] = &bodies[..] else { panic!("{bodies:?}") };
    let Event::PostSignIn(interaction) = delivery(body).event().clone() else { panic!("{body}") };
    let document = "https://mcp-client.example.test/client2.json";
    assert_eq!(interaction.cimd_client_id.as_deref(), Some(document));
    assert_eq!(interaction.application, None);
    let user = interaction.user.unwrap();
    assert_eq!((user.id, user.cimd_client_id), (interaction.user_id, None));
}

#[test]
fn every_flipped_bit_is_refused() {
    let (keys, deliveries) = recorded();
    let flipped = |bytes: &[u8], bit: usize| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    };
    for RecordedDelivery { signature, body, .. } in &deliveries {
        let signs =
            |key: &&SecretString| is_signed(std::slice::from_ref(*key), body.as_bytes(), signature);
        let key = std::slice::from_ref(keys.iter().find(signs).unwrap());
        for bit in 0..body.len() * 8 {
            assert!(!is_signed(key, &flipped(body.as_bytes(), bit), signature), "bit {bit}");
        }
        for bit in 0..signature.len() * 8 {
            let signature = flipped(signature.as_bytes(), bit);
            let signature = String::from_utf8_lossy(&signature);
            assert!(!is_signed(key, body.as_bytes(), &signature), "bit {bit}");
        }
        let key = secrecy::ExposeSecret::expose_secret(&key[0]);
        for bit in 0..key.len() * 8 {
            let Ok(key) = String::from_utf8(flipped(key.as_bytes(), bit)) else {
                continue;
            };
            assert!(!is_signed(&[key.into()], body.as_bytes(), signature), "bit {bit}");
        }
    }
}

#[test]
fn a_signature_has_one_spelling() {
    let (keys, deliveries) = recorded();
    let RecordedDelivery { signature, body, .. } = &deliveries[0];
    let signed = |signature: &str| is_signed(&keys, body.as_bytes(), signature);
    assert!(signed(signature));
    assert!(!is_signed(&[], body.as_bytes(), signature));
    for wrong in [
        String::new(),
        signature.to_uppercase(),
        format!("sha256={signature}"),
        format!(" {signature}"),
        format!("{signature}00"),
        signature[..62].to_owned(),
        signature.replace('a', "\u{e4}"),
    ] {
        assert!(!signed(&wrong), "{wrong}");
    }
}

#[test]
fn users_are_told_apart_by_what_they_cannot_write() {
    let about = |more: &str| {
        let body = format!(
            r#"{{"event":"User.Data.Updated","createdAt":"2026-11-27T23:47:03.286Z",{more},"hookId":"h"}}"#
        );
        match delivery(&body).event().clone() {
            Event::UserDataUpdated(change) => {
                Some((change.user_id, change.user.map(|user| user.id)))
            }
            _ => None,
        }
    };
    let whole = r#""params":{"userId":"a"},"matchedRoute":"/users/:userId","data":{"id":"a"}"#;
    assert_eq!(about(whole), Some(("a".to_owned(), Some("a".to_owned()))));
    for route in ["/users/:userId/custom-data", "/users/:userId/profile"] {
        let part = format!(
            r#""params":{{"userId":"a"}},"matchedRoute":"{route}","data":{{"id":"b","isSuspended":true}}"#
        );
        assert_eq!(about(&part), Some(("a".to_owned(), None)));
    }
    assert_eq!(about(r#""data":{"id":"a"}"#), Some(("a".to_owned(), Some("a".to_owned()))));
    assert_eq!(about(r#""data":[]"#), None);
    // A browser may call itself what it likes.
    assert!(about(&format!(r#"{whole},"userAgent":"fake-user-agent""#)).is_some());
}

#[test]
fn what_is_not_known_is_kept() {
    let time = r#""createdAt":"2026-11-27T23:47:03.286Z""#;
    let new = delivery(&format!(r#"{{"event":"TrustedDevice.Created",{time},"device":7}}"#));
    assert_eq!((new.name(), new.event()), ("TrustedDevice.Created", &Event::Unknown));
    assert_eq!(new.json::<serde_json::Value>().unwrap()["device"], 7);
    let other = delivery(&format!(r#"{{"event":"User.Deleted",{time},"data":null}}"#));
    assert_eq!((other.name(), other.event()), ("User.Deleted", &Event::Unknown));
    let odd = format!(
        r#"{{"event":"User.Deleted",{time},"params":{{"userId":"a","x":[]}},"status":"204","data":{{"id":7}}}}"#
    );
    assert!(matches!(delivery(&odd).event(), Event::UserDeleted(change) if change.user_id == "a"));
}

#[test]
fn what_cannot_be_read_is_refused() {
    for body in [
        "",
        "[]",
        "{",
        r#"{"createdAt":"2026-11-27T23:47:03.286Z"}"#,
        r#"{"event":7,"createdAt":"2026-11-27T23:47:03.286Z"}"#,
        r#"{"event":"User.Deleted"}"#,
        r#"{"event":"User.Deleted","createdAt":1795823223286}"#,
        r#"{"event":"User.Deleted","createdAt":"yesterday"}"#,
    ] {
        assert!(Delivery::parse(body.as_bytes()).is_err(), "{body}");
    }
    assert!(Delivery::parse(b"{\"event\":\"\xff\"}").is_err());
}
