//! The session ids of older clients, bound to the caller that began the session.
//!
//! rmcp does not ask who sends a session id. So clients get the id together with a code of it and
//! its owner, and an id that comes from someone else is as unknown as one that never was.

use aws_lc_rs::{hmac, rand};
use base64_simd::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue};
use logto::resource_server::AccessTokenClaims;

use crate::Error;

const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// The key of this process. After a restart clients begin new sessions, as rmcp has forgotten the
/// old ones too.
#[derive(Clone, Debug)]
pub(crate) struct Sessions(hmac::Key);

/// A session id that does not belong to the caller.
#[derive(Debug)]
pub(crate) struct Foreign;

impl Sessions {
    pub(crate) fn new() -> Result<Self, Error> {
        let mut key = [0; 32];
        rand::fill(&mut key).map_err(|_| Error::NoRandomBytes)?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// Binds the session id of a response to the owner.
    pub(crate) fn bind(&self, headers: &mut HeaderMap, owner: &AccessTokenClaims) {
        let Some(id) = headers.remove(SESSION_ID) else { return };
        let bound = id.to_str().ok().and_then(|id| {
            let code = URL_SAFE_NO_PAD.encode_to_string(self.code(id, owner));
            HeaderValue::try_from(format!("{id}.{code}")).ok()
        });
        if let Some(bound) = bound {
            headers.insert(SESSION_ID, bound);
        }
    }

    /// Puts rmcp's session id in place of the one that the caller sent. Whether there was one.
    pub(crate) fn open(
        &self,
        headers: &mut HeaderMap,
        caller: &AccessTokenClaims,
    ) -> Result<bool, Foreign> {
        let mut values = headers.get_all(SESSION_ID).iter();
        let (first, second) = (values.next(), values.next());
        let Some(sent) = first else { return Ok(false) };
        let sent = sent.to_str().map_err(|_| Foreign)?;
        let (id, code) = sent.rsplit_once('.').ok_or(Foreign)?;
        let code = URL_SAFE_NO_PAD.decode_to_vec(code).map_err(|_| Foreign)?;
        let input = input(id, caller);
        if second.is_some() || hmac::verify(&self.0, &input, &code).is_err() {
            return Err(Foreign);
        }
        let id = HeaderValue::from_str(id).map_err(|_| Foreign)?;
        headers.insert(SESSION_ID, id);
        Ok(true)
    }

    fn code(&self, id: &str, owner: &AccessTokenClaims) -> hmac::Tag {
        hmac::sign(&self.0, &input(id, owner))
    }
}

/// The session is the user's, in one client, one organization, and by one actor: what one
/// agent began is not for another one to go on with.
fn input(id: &str, owner: &AccessTokenClaims) -> Vec<u8> {
    let organization = owner.organization_id().unwrap_or_default();
    let actor = owner.actor().unwrap_or_default();
    let parts = [id, owner.sub(), owner.client_id(), organization, actor];
    let parts = parts.iter().flat_map(|part| {
        let length = part.len().to_be_bytes();
        length.into_iter().chain(part.bytes())
    });
    parts.collect()
}
