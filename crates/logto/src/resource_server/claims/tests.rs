use super::*;

const API: &str = "https://api.example.test";

fn claims(believed_until: u64) -> AccessTokenClaims {
    let payload =
        format!(r#"{{"iss":"i","aud":"{API}","sub":"s","client_id":"c","exp":1000,"iat":1}}"#);
    let payload = Payload::parse(payload.as_bytes()).unwrap();
    let token = "header.payload.signature";
    AccessTokenClaims::new(token, &payload, API, believed_until, KeySetVersion(1)).unwrap()
}

#[test]
fn a_token_is_believed_until_its_time_and_while_the_keys_are_the_same() {
    let soon = claims(50);
    assert!(soon.is_believed(49, KeySetVersion(1)));
    assert!(!soon.is_believed(50, KeySetVersion(1)), "too old");
    assert!(!soon.is_believed(49, KeySetVersion(2)), "other keys");
    let late = claims(9999);
    assert!(late.is_believed(999, KeySetVersion(1)));
    assert!(!late.is_believed(1000, KeySetVersion(1)), "ended");
}

#[test]
fn what_the_token_says_is_told() {
    let json = format!(
        r#"{{"iss":"i","aud":"{API}","sub":"s","client_id":"c","exp":1000,"iat":7,"jti":"j","plan":"pro"}}"#
    );
    let payload = Payload::parse(json.as_bytes()).unwrap();
    let token = format!("header.{}.signature", encoding::encode(json.as_bytes()));
    let claims = AccessTokenClaims::new(&token, &payload, API, 50, KeySetVersion(1)).unwrap();
    assert_eq!((claims.token(), claims.jti()), (token.as_str(), Some("j")));
    assert_eq!((claims.issued_at(), claims.expires_at()), (7, 1000));
    #[derive(serde::Deserialize)]
    struct Plan {
        plan: String,
    }
    assert_eq!(claims.custom::<Plan>().unwrap().plan, "pro");
    assert_eq!(claims.custom::<Vec<u8>>().unwrap_err().kind(), ErrorKind::Forbidden);
    let shown = format!("{claims:?}");
    assert!(shown.contains("\"s\"") && !shown.contains(&token), "{shown}");
}

#[test]
fn a_token_without_an_id_has_none() {
    assert_eq!(claims(50).jti(), None);
}

/// The cache finds a token by the whole of it, and holds no more than its share of memory.
#[test]
fn the_cache_sees_the_whole_token_and_its_size() {
    let claims = claims(50);
    assert_eq!(Cacheable::text(&claims), b"header.payload.signature");
    assert!(Cacheable::bytes(&claims) > claims.token().len() + size_of::<Verified>());
    assert!(Cacheable::bytes(&claims) < 1000);
}

#[test]
fn a_token_for_another_api_has_no_claims() {
    let claims = |aud: &str| {
        let json =
            format!(r#"{{"iss":"i","aud":{aud},"sub":"s","client_id":"c","exp":1000,"iat":1}}"#);
        let payload = Payload::parse(json.as_bytes()).unwrap();
        let claims = AccessTokenClaims::new("a.b.c", &payload, API, 50, KeySetVersion(1));
        assert_eq!(payload.is_for(API), claims.is_some(), "{aud}");
        claims
    };
    assert!(claims(r#""https://other.example.test""#).is_none());
    assert!(claims(r#"["urn:logto:organization:a","urn:logto:organization:b"]"#).is_none());
    assert!(claims(&format!(r#"["x","{API}"]"#)).is_some());
}
