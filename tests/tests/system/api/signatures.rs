//! Signatures at the adapter of an API: every algorithm of Logto, and none that is not whole.

use logto_tests::bearer::Then::Invalid;
use logto_tests::bearer::{ALICE, Fixture};
use logto_tests::hostile::Key;

#[tokio::test]
async fn every_algorithm_of_logto_is_verified() {
    for key in [Key::es256("k"), Key::es384("k"), Key::es512("k"), Key::rs256("k"), Key::ps256("k")]
    {
        let fixture = Fixture::new().await;
        fixture.provider.rotate_to(&key);
        let seen = fixture.ask_with("/any", &fixture.token().sign()).await;
        ALICE.assert(key.alg, &seen, "");
    }
    // A shared secret is no key, not even one that is published, nor a public key used as one.
    let fixture = Fixture::new().await;
    let secret = Key::hs256("secret", "a secret that everybody knows");
    fixture.provider.publish([fixture.provider.key().jwk(), secret.jwk()]);
    let confused = Key::hs256("first", fixture.provider.key().public_bytes());
    for key in [secret, confused] {
        let seen = fixture.ask_with("/any", &fixture.token().by(&key).sign()).await;
        Invalid.assert("HS256", &seen, "");
    }
}

#[tokio::test]
async fn a_damaged_token_is_refused() {
    let fixture = Fixture::new().await;
    let good = fixture.token().sign();
    ALICE.assert("good", &fixture.ask_with("/any", &good).await, "");
    let (signed, signature) = good.rsplit_once('.').unwrap();
    // As long as the good one, so that nothing but the text itself tells them apart.
    let other = fixture.token().with("sub", "ecila").sign();
    let (other_signed, _) = other.rsplit_once('.').unwrap();
    for (name, token) in [
        ("another payload under a known signature", format!("{other_signed}.{signature}")),
        ("no signature", format!("{signed}.")),
        ("half a signature", format!("{signed}.{}", &signature[..64])),
        ("a longer signature", format!("{good}AAAA")),
        ("two parts", signed.to_owned()),
        ("four parts", format!("{good}.AAAA")),
        ("an opaque token", "Vn-JVu-Af80zMl-_H3y7IBeI7h2b3uJNS8uw8XhXeit".to_owned()),
        ("a personal access token", "pat_0123456789abcdef".to_owned()),
        ("dots", "..".to_owned()),
        ("17 KiB", "a".repeat(17 * 1024)),
    ] {
        Invalid.assert(name, &fixture.ask_with("/any", &token).await, "");
    }
    ALICE.assert("still good", &fixture.ask_with("/any", &good).await, "");
}
