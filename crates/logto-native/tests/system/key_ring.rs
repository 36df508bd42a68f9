//! Credentials in the key ring of the system: `cargo xtask test-key-ring` starts one of its own.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails like the test itself")]

use logto_native::{CredentialStore, KeyRing};

#[test]
fn credentials_are_kept_and_deleted() {
    let program = format!("logto-native-test-{}", std::process::id());
    let kept = KeyRing::for_program(&program).unwrap();
    let again = KeyRing::for_program(&program).unwrap();
    assert_eq!(kept.load().unwrap(), None);
    let longest = vec![0xff; kept.max_bytes().min(64 * 1024)];
    for credentials in [b"first".as_slice(), &longest, b"\0"] {
        kept.save(credentials).unwrap();
        assert_eq!(again.load().unwrap().as_deref(), Some(credentials));
    }
    assert!(kept.lock_file().parent().unwrap().ends_with(&program), "{kept:?}");
    again.delete().unwrap();
    assert_eq!(kept.load().unwrap(), None);
    kept.delete().unwrap();
}
