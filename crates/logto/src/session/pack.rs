//! A session as few bytes, and back.
//!
//! One byte of version, one of compression, the head (times and what does not compress), then the
//! text of all tokens, compressed. LZ4 with a dictionary is the usual compression: opening costs
//! a fraction of a microsecond. A large session, a person in hundreds of organizations, is deflated
//! instead, which is slower and smaller.

use lz4_flex::block::{compress_with_dict, decompress_with_dict};
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::bytes::{Reader, put_bytes, put_number};
use super::{HeldToken, Session, SessionId, Target, token};

const VERSION: u8 = 1;
const LZ4: u8 = 0;
const DEFLATE: u8 = 1;
const DEFLATE_LEVEL: u8 = 9;

/// Version, compression and two lengths, and what sealing adds.
const SMALL: usize = 64;
/// Compressed texts longer than this are tried with deflate: they take more than one cookie.
const LARGE: usize = 2 * 1024;
/// No session of ours is longer than this when unpacked.
const MAX_TEXT: usize = 1024 * 1024;

/// More access tokens, or scopes of one, than this are of no session of ours.
const MAX_ITEMS: u64 = 10_000;

/// What the tokens of Logto say in the same words every time. Changing it makes all packed
/// sessions unreadable; that needs a new [`VERSION`].
const COMMON: &str = concat!(
    r#""sid":"","at_hash":"","auth_time":,"custom_data":{},"identities":{},"#,
    r#""given_name":null,"family_name":null,"preferred_username":","profile":"https://"#,
    r#""organization_id":"urn:logto:organization:"#,
    r#"{"sub":"","name":null,"picture":"https://huggingface.co/avatars/","updated_at":179,"#,
    r#""username":null,"created_at":179,"email":null,"email_verified":true,"#,
    r#""phone_number":null,"phone_number_verified":false,"roles":[],"organizations":[],"#,
    r#""organization_roles":[],"nonce":"","aud":"","exp":179,"iat":179,"iss":""#,
);

/// Packs and unpacks sessions of one application.
#[derive(Debug)]
pub(crate) struct Packer {
    dictionary: Vec<u8>,
}

impl Packer {
    /// The dictionary must not depend on what an app may change about its configuration.
    pub(crate) fn new(issuer: &str, app_id: &str) -> Self {
        let dictionary = format!(
            r#"{{"alg":"ES384","typ":"at+jwt","kid":"{{"jti":"{COMMON}{issuer}"}}"aud":"{app_id}","exp":179"iat":179,"exp":179,"scope":"openid offline_access profile email","client_id":"{app_id}","iss":"{issuer}","aud":"https://"#
        );
        Self {
            dictionary: dictionary.into_bytes(),
        }
    }

    pub(crate) fn pack(&self, session: &Session) -> Vec<u8> {
        let (mut head, mut text) = (Vec::with_capacity(1024), Vec::with_capacity(4096));
        head.extend_from_slice(session.id.as_bytes());
        put_number(&mut head, session.revision);
        put_number(&mut head, session.started_at);
        put_number(&mut head, session.seen_at);
        put_text(&mut head, &mut text, &session.id_token);
        head.push(u8::from(session.refresh_token.is_some()));
        if let Some(refresh_token) = &session.refresh_token {
            token::put(&mut head, &mut text, refresh_token);
        }
        put_number(&mut head, session.tokens.len() as u64);
        for held in &session.tokens {
            put_target(&mut head, &mut text, &held.target);
            put_number(&mut head, held.expires_at);
            put_number(&mut head, held.lifetime);
            put_text(&mut head, &mut text, held.scope.as_bytes());
            token::put(&mut head, &mut text, &held.token);
        }

        let (compression, compressed) = self.compress(&text);
        let mut packed = Vec::with_capacity(head.len() + compressed.len() + SMALL);
        packed.extend_from_slice(&[VERSION, compression]);
        put_bytes(&mut packed, &head);
        put_number(&mut packed, text.len() as u64);
        packed.extend_from_slice(&compressed);
        packed
    }

    /// The session, if the bytes are of this version and whole.
    pub(crate) fn unpack(&self, packed: &[u8]) -> Option<Session> {
        let mut packed = Reader(packed);
        if packed.byte()? != VERSION {
            return None;
        }
        let compression = packed.byte()?;
        let mut head = Reader(packed.bytes()?);
        let length = usize::try_from(packed.number()?)
            .ok()
            .filter(|length| *length <= MAX_TEXT)?;
        let text = self.decompress(compression, packed.0, length)?;
        let mut text = Reader(&text);

        let id = SessionId::from_slice(head.take(SessionId::LENGTH as u64)?)?;
        let revision = head.number()?;
        let started_at = head.number()?;
        let seen_at = head.number()?;
        let id_token = text.take(head.number()?)?.to_vec();
        let refresh_token = match head.byte()? {
            0 => None,
            _ => Some(token::take(&mut head, &mut text)?),
        };
        let mut tokens = Vec::new();
        for _ in 0..count(&mut head)? {
            tokens.push(HeldToken {
                target: take_target(&mut head, &mut text)?,
                expires_at: head.number()?,
                lifetime: head.number()?,
                scope: take_text(&mut head, &mut text)?,
                token: token::take(&mut head, &mut text)?,
            });
        }
        Some(Session {
            id,
            revision,
            started_at,
            seen_at,
            id_token,
            refresh_token,
            tokens,
        })
    }

    fn compress(&self, text: &[u8]) -> (u8, Vec<u8>) {
        let fast = compress_with_dict(text, &self.dictionary);
        if fast.len() <= LARGE {
            return (LZ4, fast);
        }
        let small = compress_to_vec(text, DEFLATE_LEVEL);
        if small.len() < fast.len() {
            (DEFLATE, small)
        } else {
            (LZ4, fast)
        }
    }

    fn decompress(&self, compression: u8, compressed: &[u8], length: usize) -> Option<Vec<u8>> {
        match compression {
            LZ4 => decompress_with_dict(compressed, length, &self.dictionary).ok(),
            DEFLATE => decompress_to_vec_with_limit(compressed, length).ok(),
            _ => None,
        }
    }
}

fn put_text(head: &mut Vec<u8>, text: &mut Vec<u8>, value: &[u8]) {
    put_number(head, value.len() as u64);
    text.extend_from_slice(value);
}

fn take_text(head: &mut Reader<'_>, text: &mut Reader<'_>) -> Option<String> {
    let value = text.take(head.number()?)?;
    Some(std::str::from_utf8(value).ok()?.to_owned())
}

/// No resource and no organization are written as empty ones, which do not exist.
fn put_target(head: &mut Vec<u8>, text: &mut Vec<u8>, target: &Target) {
    for part in [&target.resource, &target.organization] {
        put_text(head, text, part.as_deref().unwrap_or_default().as_bytes());
    }
    put_number(head, target.scopes.len() as u64);
    for scope in &target.scopes {
        put_text(head, text, scope.as_bytes());
    }
}

fn take_target(head: &mut Reader<'_>, text: &mut Reader<'_>) -> Option<Target> {
    let mut part = || take_text(head, text).map(|part| Some(part).filter(|part| !part.is_empty()));
    let (resource, organization) = (part()?, part()?);
    let mut scopes = Vec::new();
    for _ in 0..count(head)? {
        scopes.push(take_text(head, text)?);
    }
    Some(Target {
        resource,
        organization,
        scopes,
    })
}

fn count(head: &mut Reader<'_>) -> Option<u64> {
    head.number().filter(|count| *count <= MAX_ITEMS)
}

#[cfg(test)]
mod tests {
    use super::super::TokenRequest;
    use super::*;
    use crate::encoding::encode;

    fn packer() -> Packer {
        Packer::new("https://tenant.logto.app/oidc", "8s6wye3gb7dq9a4n54lsn")
    }

    fn session(payload: &str) -> Session {
        // A signature and tokens that do not compress, like real ones.
        let noise = |seed: u8, length: u8| {
            let mut bytes = Vec::new();
            for block in 0..length.div_ceil(32) {
                bytes.extend(crate::encoding::sha256(&[&[seed, block]]));
            }
            bytes.truncate(length.into());
            encode(bytes)
        };
        Session {
            id: SessionId([7; 16]),
            revision: 0,
            started_at: 1_795_342_500_123,
            seen_at: 1_795_342_500,
            id_token: payload.into(),
            refresh_token: Some(noise(2, 32)),
            tokens: vec![HeldToken {
                target: Target::default(),
                token: noise(3, 32),
                scope: "openid offline_access profile email".to_owned(),
                expires_at: 1_795_346_100,
                lifetime: 3600,
            }],
        }
    }

    /// The ID token of alice in the recordings.
    const RECORDED: &str = r#"{"sub":"8s8claa1vi9z","name":"Alice Example","picture":"https://huggingface.co/avatars/alice.svg","updated_at":1795342499659,"username":null,"created_at":1795342374500,"email":"alice@example.test","email_verified":true,"phone_number":null,"phone_number_verified":false,"roles":["things-editor"],"organizations":["wpmklpcc20gc"],"organization_roles":["wpmklpcc20gc:org-admin"],"nonce":"xagisjOxC-OMZ4CjKpmuXQ","sid":"YxYmUX447zBSfdozvf60u2fO5lRrWe67XZNHLUf-aUm","aud":"8s6wye3gb7dq9a4n54lsn","exp":1795346100,"iat":1795342500,"iss":"https://tenant.logto.app/oidc"}"#;

    #[test]
    fn a_session_comes_back_to_the_letter() {
        let mut session = session(RECORDED);
        assert_eq!(
            packer().unpack(&packer().pack(&session)).as_ref(),
            Some(&session)
        );
        session.refresh_token = None;
        session.tokens.push(HeldToken {
            target: TokenRequest::resource("https://api.example.test")
                .in_organization("wpmklpcc20gc")
                .with_scopes(["read:things", "write:things"])
                .target,
            token: "e30.e30.AAAA".to_owned(),
            scope: String::new(),
            expires_at: 1,
            lifetime: 2,
        });
        session.id_token = b"odd".to_vec();
        assert_eq!(
            packer().unpack(&packer().pack(&session)).as_ref(),
            Some(&session)
        );
    }

    #[test]
    fn a_usual_session_is_small() {
        let packed = packer().pack(&session(RECORDED)).len();
        assert!(packed < 450, "{packed} bytes");
    }

    #[test]
    fn two_hundred_organizations_fit_into_two_cookies() {
        let ids: Vec<String> = (0..200_u8)
            .map(|n| encode(crate::encoding::sha256(&[&[n]]))[..12].to_lowercase())
            .collect();
        let roles: Vec<String> = ids.iter().map(|id| format!("{id}:org-viewer")).collect();
        let payload = RECORDED
            .replace(r#"["wpmklpcc20gc"]"#, &format!("{ids:?}"))
            .replace(r#"["wpmklpcc20gc:org-admin"]"#, &format!("{roles:?}"));
        let session = session(&payload);
        let packed = packer().pack(&session);
        assert!(packed.len() < 4500, "{} bytes", packed.len());
        assert_eq!(packer().unpack(&packed), Some(session));
    }

    #[test]
    fn damaged_bytes_give_nothing_and_never_panic() {
        let packed = packer().pack(&session(RECORDED));
        for end in 0..packed.len() {
            assert_eq!(packer().unpack(&packed[..end]), None);
        }
        let mut other_version = packed;
        other_version[0] = 9;
        assert_eq!(packer().unpack(&other_version), None);
    }
}
