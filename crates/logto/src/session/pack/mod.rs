//! A session as few bytes, and back.
//!
//! What changes with use comes first, then what Logto [granted](Grant). To open a session is to
//! read the [header] and the claims that pages show; the rest is unpacked on demand by the
//! [packer].

mod block;
mod header;
mod packer;
mod token;

use std::sync::Arc;

use super::bytes::Reader;
use super::{Grant, Session};
use crate::oidc::claims::Shown;

use header::Header;
pub(super) use header::grant_of;
pub(crate) use packer::Packer;
use packer::take_shown;

impl Packer {
    pub(crate) fn pack(&self, session: &Session) -> Vec<u8> {
        let grant = &session.grant;
        let grant = grant
            .packed(|| self.pack_grant(grant.shown(), grant.claims().payload(), grant.tokens()));
        let mut packed = Vec::with_capacity(grant.len() + 64);
        let &Session { id, revision, started_at, last_used_at, known_marker, .. } = session;
        Header { id, revision, started_at, last_used_at, known_marker }.put(&mut packed);
        packed.extend_from_slice(&grant);
        packed
    }
}

/// The session, if the bytes are of this version. `grant` is given the claims that are shown, and
/// the packed grant.
pub(crate) fn unpack(
    packed: &[u8],
    grant: impl FnOnce(Shown, &[u8]) -> Arc<Grant>,
) -> Option<Session> {
    let mut packed = Reader(packed);
    let Header { id, revision, started_at, last_used_at, known_marker } =
        Header::take(&mut packed)?;
    let bytes = packed.0;
    let shown = take_shown(&mut packed)?;
    let grant = grant(shown, bytes);
    Some(Session { id, revision, started_at, last_used_at, known_marker, grant })
}

#[cfg(test)]
mod tests {
    use super::packer::put_shown;
    use super::*;
    use crate::cache::Budget;
    use crate::crypto::encoding::encode;
    use crate::crypto::seal::KeyRing;
    use crate::oidc::claims::IdTokenClaims;
    use crate::oidc::{Target, TokenRequest};
    use crate::session::{Sealer, SessionId, StoredToken, StoredTokens};

    fn sealer() -> Arc<Sealer> {
        let packer = Packer::new("https://tenant.logto.app/oidc", "8s6wye3gb7dq9a4n54lsn");
        let keys = KeyRing::new(&["a secret".into()], "context").unwrap();
        Sealer::new(keys.into(), "name".to_owned(), packer, Budget::new(1 << 20).into())
    }

    /// As a store would give it back.
    fn unpack(packed: &[u8]) -> Option<Session> {
        let sealer = sealer();
        super::unpack(packed, |shown, grant| Grant::from_packed(shown, &sealer, grant))
    }

    fn pack(session: &Session) -> Vec<u8> {
        sealer().packer.pack(session)
    }

    fn session(payload: &str) -> Session {
        // Tokens that do not compress, like real ones.
        let noise = |seed: u8| encode(crate::crypto::encoding::sha256(&[&[seed]]));
        let opaque = StoredToken {
            target: Target::default(),
            token: noise(3),
            scope: "openid offline_access profile email".to_owned(),
            expires_at: 1_795_346_100,
            lifetime: 3600,
        };
        let tokens =
            StoredTokens { refresh: Some(noise(2)), access: vec![opaque], organization: None };
        let claims = IdTokenClaims::parse(payload.as_bytes()).unwrap();
        Session {
            id: SessionId([7; 16]),
            revision: 0,
            started_at: 1_795_342_500,
            last_used_at: 1_795_342_500,
            known_marker: None,
            grant: Grant::new(claims.into(), tokens),
        }
    }

    fn with_tokens(session: &Session, tokens: StoredTokens) -> Session {
        Session { grant: Grant::new(session.grant.claims().clone(), tokens), ..*session }
    }

    /// The ID token of alice in the recordings.
    const RECORDED: &str = r#"{"sub":"8s8claa1vi9z","name":"Alice Example","picture":"https://huggingface.co/avatars/alice.svg","updated_at":1795342499659,"username":null,"created_at":1795342374500,"email":"alice@example.test","email_verified":true,"phone_number":null,"phone_number_verified":false,"roles":["things-editor"],"organizations":["wpmklpcc20gc"],"organization_roles":["wpmklpcc20gc:org-admin"],"nonce":"xagisjOxC-OMZ4CjKpmuXQ","sid":"YxYmUX447zBSfdozvf60u2fO5lRrWe67XZNHLUf-aUm","aud":"8s6wye3gb7dq9a4n54lsn","exp":1795346100,"iat":1795342500,"iss":"https://tenant.logto.app/oidc"}"#;

    #[track_caller]
    fn assert_comes_back(session: &Session) {
        let back = unpack(&pack(session)).unwrap();
        assert_eq!(back.id, session.id);
        assert_eq!(back.revision, session.revision);
        assert_eq!(back.started_at, session.started_at);
        assert_eq!(back.known_marker, session.known_marker);
        assert_eq!(back.last_used_at, session.last_used_at);
        let payload = session.grant.claims().payload();
        assert_eq!(back.grant.claims().payload(), payload);
        assert!(back.grant.tokens() == session.grant.tokens());
    }

    #[test]
    fn a_session_comes_back_to_the_letter() {
        let mut session = session(RECORDED);
        assert_comes_back(&session);
        session.revision = 300;
        session.last_used_at = 0;
        let mut tokens = session.grant.tokens().clone();
        tokens.refresh = None;
        for token in ["e30.e30.AAAA", "é odd token", ""] {
            tokens.access.push(StoredToken {
                target: TokenRequest::resource("https://api.example.test")
                    .in_organization("wpmklpcc20gc")
                    .with_scopes(["read:things", "write:things"])
                    .target,
                token: token.to_owned(),
                scope: String::new(),
                expires_at: 1,
                lifetime: 2,
            });
        }
        assert_comes_back(&with_tokens(&session, tokens.clone()));
        tokens.organization = Some("wpmklpcc20gc".to_owned());
        assert_comes_back(&with_tokens(&session, tokens));
        assert_comes_back(&with_tokens(&session, StoredTokens::default()));
    }

    #[test]
    fn what_was_packed_once_serves_until_the_next_refresh() {
        let mut session = unpack(&pack(&session(RECORDED))).unwrap();
        session.last_used_at += 1000;
        let grant = session.grant.packed(|| panic!("packed again"));
        assert!(pack(&session).ends_with(&grant));
        assert_comes_back(&session);
        let other = with_tokens(&session, StoredTokens::default());
        assert!(!pack(&other).ends_with(&grant));
        assert_comes_back(&other);
    }

    #[test]
    fn a_usual_session_is_small() {
        let packed = pack(&session(RECORDED)).len();
        assert!(packed < 460, "{packed} bytes");
    }

    #[test]
    fn two_hundred_organizations_fit_into_two_cookies() {
        let ids: Vec<String> = (0..200_u8)
            .map(|n| encode(crate::crypto::encoding::sha256(&[&[n]]))[..12].to_lowercase())
            .collect();
        let roles: Vec<String> = ids.iter().map(|id| format!("{id}:org-viewer")).collect();
        let payload = RECORDED
            .replace(r#"["wpmklpcc20gc"]"#, &format!("{ids:?}"))
            .replace(r#"["wpmklpcc20gc:org-admin"]"#, &format!("{roles:?}"));
        let session = session(&payload);
        let packed = pack(&session).len();
        assert!(packed < 4500, "{packed} bytes");
        assert_comes_back(&session);
    }

    #[test]
    fn damaged_bytes_never_panic_and_make_up_no_token() {
        let session = session(RECORDED);
        let packed = pack(&session);
        for end in 0..packed.len() {
            let opened = unpack(&packed[..end]);
            assert!(opened.is_none_or(|opened| *opened.grant.tokens() == StoredTokens::default()));
        }
        for at in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[at] ^= 0x55;
            if let Some(opened) = unpack(&damaged) {
                opened.grant.tokens();
                let _ = &opened.grant.claims().name;
            }
        }
    }

    #[test]
    fn another_version_opens_nothing() {
        let mut packed = pack(&session(RECORDED));
        packed[0] = 3;
        assert!(unpack(&packed).is_none());
    }

    #[test]
    fn claims_that_cannot_be_read_leave_the_user() {
        let session = session(RECORDED);
        let packed = pack(&session);
        let mut head = packed[..packed.len() - grant_of(&packed).unwrap().len()].to_vec();
        put_shown(&mut head, session.grant.shown());
        for claims in [&b""[..], b"[]", br#"{"sub":"s"}"#, b"\xff"] {
            let mut packed = head.clone();
            block::put(&mut packed, claims, b"");
            let opened = unpack(&packed).unwrap();
            assert_eq!(opened.grant.shown().name(), Some("Alice Example"));
            assert_eq!(opened.grant.claims().sub, "8s8claa1vi9z");
            assert_eq!(opened.grant.claims().name, None);
        }
    }

    #[test]
    fn what_is_read_of_an_opened_session_is_counted() {
        let sealer = sealer();
        let packed = pack(&session(RECORDED));
        let grant = |shown, grant: &[u8]| Grant::from_packed(shown, &sealer, grant);
        let opened = super::unpack(&packed, grant).unwrap();
        assert_eq!(sealer.budget.taken(), 0);
        opened.grant.claims();
        let claims = sealer.budget.taken();
        assert!(claims > RECORDED.len(), "{claims}");
        opened.grant.tokens();
        assert!(sealer.budget.taken() > claims);
        drop(opened);
        assert_eq!(sealer.budget.taken(), 0);
    }
}
