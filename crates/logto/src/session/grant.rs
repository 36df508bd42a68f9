//! What Logto granted at a sign-in or a refresh: claims and tokens, read when they are asked for.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::pack::{Packer, grant_of};
use super::sealer::Sealer;
use super::stored_tokens::{StoredToken, StoredTokens};
use crate::crypto::seal::Purpose;
use crate::oidc::Target;
use crate::oidc::claims::{IdTokenClaims, Shown};

/// What a sign-in or a refresh brought.
///
/// It never changes; a refresh makes another one. So most requests need neither tokens nor all
/// claims read, and what was packed once serves every save until the next refresh.
pub(crate) struct Grant {
    /// Of the claims those that most pages show.
    shown: Shown,
    /// The claims of the last ID token. Its header and signature have done their work and would
    /// only fill cookies.
    claims: OnceLock<Arc<IdTokenClaims>>,
    tokens: OnceLock<Box<StoredTokens>>,
    form: Form,
}

/// Where claims and tokens are read from when they are asked for.
enum Form {
    /// They are at hand, and packed when the session is saved.
    Fresh(OnceLock<Box<[u8]>>),
    /// As a store has them.
    Packed(Arc<Sealer>, Box<[u8]>),
    /// As a browser has them, in the value of its cookies: unsealed once more, so that they are not
    /// in memory twice.
    Sealed(Arc<Sealer>, Box<[u8]>),
}

impl Grant {
    pub(crate) fn new(claims: Arc<IdTokenClaims>, tokens: StoredTokens) -> Arc<Self> {
        Arc::new(Self {
            shown: claims.shown.clone(),
            claims: OnceLock::from(claims),
            tokens: OnceLock::from(Box::new(tokens)),
            form: Form::Fresh(OnceLock::new()),
        })
    }

    fn unread(shown: Shown, form: Form) -> Arc<Self> {
        Arc::new(Self { shown, claims: OnceLock::new(), tokens: OnceLock::new(), form })
    }

    /// Of bytes that this SDK packed and a store kept.
    pub(crate) fn from_packed(shown: Shown, sealer: &Arc<Sealer>, packed: &[u8]) -> Arc<Self> {
        Self::unread(shown, Form::Packed(Arc::clone(sealer), packed.into()))
    }

    /// Of the value of session cookies.
    pub(super) fn from_sealed(shown: Shown, sealer: &Arc<Sealer>, sealed: &[u8]) -> Arc<Self> {
        Self::unread(shown, Form::Sealed(Arc::clone(sealer), sealed.into()))
    }

    pub(crate) fn shown(&self) -> &Shown {
        &self.shown
    }

    pub(crate) fn claims(&self) -> &Arc<IdTokenClaims> {
        self.claims.get_or_init(|| {
            // Never so of what was packed from claims: they could be read before.
            let claims = self.read(|packer, packed| packer.unpack_claims(packed));
            let claims = claims.unwrap_or_else(|| IdTokenClaims::unread(&self.shown));
            self.grow(claims.bytes());
            Arc::new(claims)
        })
    }

    /// The tokens. Where they cannot be unpacked there are none, and a caller that asks for one has
    /// to sign in.
    pub(crate) fn tokens(&self) -> &StoredTokens {
        self.tokens.get_or_init(|| {
            let tokens = self.read(|packer, packed| packer.unpack_tokens(packed));
            let tokens = Box::new(tokens.unwrap_or_default());
            self.grow(tokens.bytes());
            tokens
        })
    }

    /// The value of the session cookies that it came in.
    pub(super) fn sealed(&self) -> Option<&[u8]> {
        match &self.form {
            Form::Sealed(_, text) => Some(text),
            Form::Fresh(_) | Form::Packed(..) => None,
        }
    }

    /// About how many bytes it takes in memory before claims and tokens are read.
    pub(crate) fn bytes(&self) -> usize {
        let form = match &self.form {
            Form::Fresh(packed) => packed.get().map_or(0, |packed| packed.len()),
            Form::Packed(_, packed) => packed.len(),
            Form::Sealed(_, text) => text.len(),
        };
        size_of::<Self>() + self.shown.bytes() + form
    }

    pub(super) fn packed(&self, pack: impl FnOnce() -> Vec<u8>) -> Cow<'_, [u8]> {
        match &self.form {
            Form::Fresh(packed) => Cow::Borrowed(packed.get_or_init(|| pack().into())),
            Form::Packed(_, packed) => Cow::Borrowed(packed),
            Form::Sealed(..) => {
                let packed = self.read(|_, packed| Some(packed.to_vec()));
                Cow::Owned(packed.unwrap_or_else(pack))
            }
        }
    }

    fn read<T>(&self, read: impl FnOnce(&Packer, &[u8]) -> Option<T>) -> Option<T> {
        match &self.form {
            Form::Fresh(_) => None,
            Form::Packed(sealer, packed) => read(sealer.packer(), packed),
            Form::Sealed(sealer, text) => {
                let session = sealer.open(Purpose::Session, text)?;
                read(sealer.packer(), grant_of(&session)?)
            }
        }
    }

    /// Notes that an opened session takes more memory.
    fn grow(&self, bytes: usize) {
        if let Form::Packed(sealer, _) | Form::Sealed(sealer, _) = &self.form {
            sealer.budget.take(bytes);
        }
    }

    pub(crate) fn token_for(&self, target: &Target) -> Option<&StoredToken> {
        self.tokens().access.iter().find(|token| token.target == *target)
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        if let Form::Packed(sealer, _) | Form::Sealed(sealer, _) = &self.form {
            let claims = self.claims.get().map_or(0, |claims| claims.bytes());
            let tokens = self.tokens.get().map_or(0, |tokens| tokens.bytes());
            sealer.budget.give_back(claims + tokens);
        }
    }
}

/// Without the tokens.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant").field("sub", &self.shown.sub()).finish_non_exhaustive()
    }
}
