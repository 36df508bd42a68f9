//! What Logto [granted](super::super::Grant) as few bytes, and back.
//!
//! The claims that pages show, the text of all claims, the text of all tokens, each compressed, and
//! what does not compress. Claims and tokens are unpacked on demand.

use super::{block, token};
use crate::oidc::Target;
use crate::oidc::claims::{IdTokenClaims, Shown};
use crate::session::bytes::{Reader, put_number};
use crate::session::stored_tokens::{StoredToken, StoredTokens};

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

/// Packs and unpacks the grants of one application.
#[derive(Clone, Debug)]
pub(crate) struct Packer {
    dictionary: Vec<u8>,
}

impl Packer {
    /// The dictionary must not depend on what an app may change about its configuration.
    pub(crate) fn new(issuer: &str, app_id: &str) -> Self {
        let dictionary = format!(r#"{CLAIMS}{issuer}"}}{{"aud":"{app_id}","#);
        Self { dictionary: dictionary.into_bytes() }
    }

    /// Packs what Logto granted: the claims that pages show, all claims as their text, and the
    /// tokens.
    pub(super) fn pack_grant(&self, shown: &Shown, claims: &str, tokens: &StoredTokens) -> Vec<u8> {
        let (mut binary, mut text) = (Vec::with_capacity(512), Vec::with_capacity(2048));
        binary.push(u8::from(tokens.refresh.is_some()));
        if let Some(refresh_token) = &tokens.refresh {
            token::put(&mut binary, &mut text, refresh_token);
        }
        put_number(&mut binary, tokens.access.len() as u64);
        let mut before = 0;
        for access in &tokens.access {
            put_target(&mut binary, &mut text, &access.target);
            put_number(&mut binary, access.expires_at.wrapping_sub(before));
            before = access.expires_at;
            put_number(&mut binary, access.lifetime);
            put_text(&mut binary, &mut text, &access.scope);
            token::put(&mut binary, &mut text, &access.token);
        }
        // Most sessions have none, and nothing there.
        if let Some(organization) = &tokens.organization {
            put_text(&mut binary, &mut text, organization);
        }
        let mut packed = Vec::with_capacity(1024);
        put_shown(&mut packed, shown);
        let words = self.words_of_claims(&packed);
        block::put(&mut packed, claims.as_bytes(), &words);
        block::put(&mut packed, &text, &words_of_tokens(claims));
        packed.extend_from_slice(&binary);
        packed
    }

    /// The claims of a packed grant.
    pub(in crate::session) fn unpack_claims(&self, grant: &[u8]) -> Option<IdTokenClaims> {
        IdTokenClaims::reread(self.take_claims(&mut Reader(grant))?).ok()
    }

    /// The tokens of a packed grant.
    pub(in crate::session) fn unpack_tokens(&self, grant: &[u8]) -> Option<StoredTokens> {
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

/// Each of the claims that are shown has its length and one before it, or 0 if it is absent.
pub(super) fn put_shown(out: &mut Vec<u8>, shown: &Shown) {
    for part in shown.parts() {
        put_number(out, part.map_or(0, |part| part.len() as u64 + 1));
        out.extend_from_slice(part.unwrap_or_default().as_bytes());
    }
}

pub(super) fn take_shown(packed: &mut Reader<'_>) -> Option<Shown> {
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
