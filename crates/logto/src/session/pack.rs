//! A session as few bytes, and back.
//!
//! One byte of version, what changes with use, then what Logto [granted](Grant): the claims that pages
//! show, the text of all claims, the text of all tokens, each compressed, and what does not compress.
//! To open a session is to read what comes first; claims and tokens are unpacked on demand.

use std::sync::Arc;

use super::bytes::{Reader, put_number, put_version};
use super::{Grant, Session, SessionId, StoredToken, StoredTokens, block, token};
use crate::oidc::Target;
use crate::oidc::claims::{IdTokenClaims, Shown};

/// Of the form; changing a dictionary changes it too.
const VERSION: u8 = 5;

/// More access tokens, or scopes of one, than this are of no session of ours.
const MAX_ITEMS: u64 = 10_000;

/// What ID tokens of Logto say in the same words every time.
const CLAIMS: &str = concat!(
    r#""sid":"","at_hash":"","auth_time":,"custom_data":{},"identities":{},"#,
    r#""given_name":null,"family_name":null,"preferred_username":","profile":"https://"#,
    r#"{"sub":"","name":null,"picture":"https://huggingface.co/avatars/","updated_at":179,"#,
    r#""username":null,"created_at":179,"email":null,"email_verified":true,"#,
    r#""phone_number":null,"phone_number_verified":false,"roles":[],"organizations":[],"#,
    r#""organization_roles":[],"nonce":"","aud":"","exp":179,"iat":179,"iss":""#,
);
/// What access tokens of Logto do, beside the claims that come before them.
const TOKENS: &str = concat!(
    r#""organization_id":"urn:logto:organization:"#,
    r#""scope":"openid offline_access profile email roles urn:logto:scope:organizations "#,
    r#"urn:logto:scope:organization_roles","client_id":"","aud":"https://"#,
    r#"{"alg":"ES384","typ":"at+jwt","kid":""}{"jti":""#,
);

/// Packs and unpacks sessions of one application.
#[derive(Debug)]
pub(crate) struct Packer {
    dictionary: Vec<u8>,
}

impl Packer {
    /// The dictionary must not depend on what an app may change about its configuration.
    pub(crate) fn new(issuer: &str, app_id: &str) -> Self {
        let dictionary = format!(r#"{CLAIMS}{issuer}"}}{{"aud":"{app_id}","#);
        Self { dictionary: dictionary.into_bytes() }
    }

    pub(crate) fn pack(&self, session: &Session) -> Vec<u8> {
        let grant = session.grant.packed(|| self.pack_grant(&session.grant));
        let mut packed = Vec::with_capacity(grant.len() + 64);
        packed.push(VERSION);
        packed.extend_from_slice(session.id.as_bytes());
        put_number(&mut packed, session.revision);
        put_number(&mut packed, session.started_at);
        put_number(&mut packed, session.last_used_at.wrapping_sub(session.started_at));
        put_version(&mut packed, session.known_marker);
        packed.extend_from_slice(&grant);
        packed
    }

    fn pack_grant(&self, grant: &Grant) -> Vec<u8> {
        let claims = grant.claims().payload();
        let tokens = grant.tokens();
        let (mut binary, mut text) = (Vec::with_capacity(512), Vec::with_capacity(2048));
        binary.push(u8::from(tokens.refresh.is_some()));
        if let Some(refresh_token) = &tokens.refresh {
            token::put(&mut binary, &mut text, refresh_token);
        }
        put_number(&mut binary, tokens.access.len() as u64);
        let mut before = 0;
        for held in &tokens.access {
            put_target(&mut binary, &mut text, &held.target);
            put_number(&mut binary, held.expires_at.wrapping_sub(before));
            before = held.expires_at;
            put_number(&mut binary, held.lifetime);
            put_text(&mut binary, &mut text, &held.scope);
            token::put(&mut binary, &mut text, &held.token);
        }
        // Most sessions have none, and nothing there.
        if let Some(organization) = &tokens.organization {
            put_text(&mut binary, &mut text, organization);
        }
        let mut packed = Vec::with_capacity(1024);
        put_shown(&mut packed, grant.shown());
        let words = self.words_of_claims(&packed);
        block::put(&mut packed, claims.as_bytes(), &words);
        block::put(&mut packed, &text, &words_of_tokens(claims));
        packed.extend_from_slice(&binary);
        packed
    }

    /// The claims of a packed grant.
    pub(super) fn unpack_claims(&self, grant: &[u8]) -> Option<IdTokenClaims> {
        IdTokenClaims::reread(self.take_claims(&mut Reader(grant))?).ok()
    }

    /// The tokens of a packed grant.
    pub(super) fn unpack_tokens(&self, grant: &[u8]) -> Option<StoredTokens> {
        let mut binary = Reader(grant);
        let claims = self.take_claims(&mut binary)?;
        let text = block::take(&mut binary, &words_of_tokens(&claims))?;
        let mut text = Reader(&text);
        let refresh = match binary.byte()? {
            0 => None,
            _ => Some(token::take(&mut binary, &mut text)?),
        };
        let mut access = Vec::new();
        let mut before = 0_u64;
        for _ in 0..count(&mut binary)? {
            let target = take_target(&mut binary, &mut text)?;
            before = binary.number()?.wrapping_add(before);
            access.push(StoredToken {
                target,
                expires_at: before,
                lifetime: binary.number()?,
                scope: take_text(&mut binary, &mut text)?,
                token: token::take(&mut binary, &mut text)?,
            });
        }
        let organization = take_text(&mut binary, &mut text);
        Some(StoredTokens { refresh, access, organization })
    }

    /// The text of the claims.
    fn take_claims(&self, packed: &mut Reader<'_>) -> Option<String> {
        let before = packed.0;
        take_shown(packed)?;
        let (shown, _) = before.split_at_checked(before.len() - packed.0.len())?;
        let claims = block::take(packed, &self.words_of_claims(shown))?;
        String::from_utf8(claims).ok()
    }

    /// The claims repeat those that are shown.
    fn words_of_claims(&self, shown: &[u8]) -> Vec<u8> {
        [&self.dictionary, shown].concat()
    }
}

/// The session, if the bytes are of this version. `grant` is given the claims that are shown, and the
/// packed grant.
pub(crate) fn unpack(
    packed: &[u8],
    grant: impl FnOnce(Shown, &[u8]) -> Arc<Grant>,
) -> Option<Session> {
    let mut packed = Reader(packed);
    if packed.byte()? != VERSION {
        return None;
    }
    let id = SessionId::from_slice(packed.take(SessionId::LENGTH as u64)?)?;
    let revision = packed.number()?;
    let started_at = packed.number()?;
    let last_used_at = packed.number()?.wrapping_add(started_at);
    let known_marker = packed.version()?;
    let bytes = packed.0;
    let shown = take_shown(&mut packed)?;
    let grant = grant(shown, bytes);
    Some(Session { id, revision, started_at, last_used_at, known_marker, grant })
}

/// The packed grant of a session that could be unpacked before.
pub(super) fn grant_of(packed: &[u8]) -> Option<&[u8]> {
    let mut packed = Reader(packed);
    packed.take(1 + SessionId::LENGTH as u64)?;
    for _ in 0..3 {
        packed.number()?;
    }
    packed.version()?;
    Some(packed.0)
}

/// Each of the claims that are shown has its length and one before it, or 0 if it is absent.
fn put_shown(out: &mut Vec<u8>, shown: &Shown) {
    for part in shown.parts() {
        put_number(out, part.map_or(0, |part| part.len() as u64 + 1));
        out.extend_from_slice(part.unwrap_or_default().as_bytes());
    }
}

fn take_shown(packed: &mut Reader<'_>) -> Option<Shown> {
    let mut parts = [None; Shown::PARTS];
    for part in &mut parts {
        if let Some(length) = packed.number()?.checked_sub(1) {
            *part = Some(str::from_utf8(packed.take(length)?).ok()?);
        }
    }
    Some(Shown::new(parts))
}

/// Access tokens repeat the claims of the ID token.
fn words_of_tokens(claims: &str) -> Vec<u8> {
    [claims, TOKENS].concat().into_bytes()
}

fn put_text(binary: &mut Vec<u8>, text: &mut Vec<u8>, value: &str) {
    put_number(binary, value.len() as u64);
    text.extend_from_slice(value.as_bytes());
}

fn take_text(binary: &mut Reader<'_>, text: &mut Reader<'_>) -> Option<String> {
    let value = text.take(binary.number()?)?;
    Some(std::str::from_utf8(value).ok()?.to_owned())
}

/// No resource and no organization are written as empty ones, which do not exist.
fn put_target(binary: &mut Vec<u8>, text: &mut Vec<u8>, target: &Target) {
    for part in [&target.resource, &target.organization] {
        put_text(binary, text, part.as_deref().unwrap_or_default());
    }
    put_number(binary, target.scopes.len() as u64);
    for scope in &target.scopes {
        put_text(binary, text, scope);
    }
}

fn take_target(binary: &mut Reader<'_>, text: &mut Reader<'_>) -> Option<Target> {
    let mut part =
        || take_text(binary, text).map(|part| Some(part).filter(|part| !part.is_empty()));
    let (resource, organization) = (part()?, part()?);
    let mut scopes = Vec::new();
    for _ in 0..count(binary)? {
        scopes.push(take_text(binary, text)?);
    }
    Some(Target { resource, organization, scopes })
}

fn count(binary: &mut Reader<'_>) -> Option<u64> {
    binary.number().filter(|count| *count <= MAX_ITEMS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Budget;
    use crate::crypto::encoding::encode;
    use crate::crypto::seal::KeyRing;
    use crate::oidc::TokenRequest;
    use crate::session::Opener;

    fn opener() -> Arc<Opener> {
        let packer = Packer::new("https://tenant.logto.app/oidc", "8s6wye3gb7dq9a4n54lsn");
        let keys = KeyRing::new(&["a secret".into()], "context").unwrap();
        Opener::new(keys.into(), "name".to_owned(), packer, Budget::new(1 << 20).into())
    }

    /// As a store would give it back.
    fn unpack(packed: &[u8]) -> Option<Session> {
        let opener = opener();
        super::unpack(packed, |shown, grant| Grant::from_packed(shown, &opener, grant))
    }

    fn pack(session: &Session) -> Vec<u8> {
        opener().packer.pack(session)
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
    fn claims_that_cannot_be_read_leave_the_person() {
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
        let opener = opener();
        let packed = pack(&session(RECORDED));
        let grant = |shown, grant: &[u8]| Grant::from_packed(shown, &opener, grant);
        let opened = super::unpack(&packed, grant).unwrap();
        assert_eq!(opener.budget.taken(), 0);
        opened.grant.claims();
        let claims = opener.budget.taken();
        assert!(claims > RECORDED.len(), "{claims}");
        opened.grant.tokens();
        assert!(opener.budget.taken() > claims);
        drop(opened);
        assert_eq!(opener.budget.taken(), 0);
    }
}
