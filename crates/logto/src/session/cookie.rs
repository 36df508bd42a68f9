//! The session as cookies: sealed, in as many chunks as it takes, within the budget.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

use super::{Grant, Sealer, Session, SessionPointer, pack};
use crate::cookies::{self, Attributes};
use crate::crypto::seal::Purpose;
use crate::error::{Error, ErrorKind};

/// Browsers keep name, value and attributes of a cookie up to 4096 bytes in all; this leaves room
/// for the attributes.
const CHUNK: usize = 3900;
/// More chunks than this are never read.
const MAX_CHUNKS: usize = 9;
/// A browser may send several cookies of our name. So many bytes of them are tried, since to open
/// them takes time. A short one counts for [`MIN_CANDIDATE`].
const MAX_CANDIDATES: usize = 256 * 1024;
const MIN_CANDIDATE: usize = 256;

/// In place of the number of chunks, for a session that a store keeps.
const POINTER: u8 = b'0';

/// Writes and reads the session cookie of one application.
///
/// The first chunk begins with a digit, the number of chunks, so that a left-over chunk of a longer
/// session does no harm; a zero says that a pointer follows and the session itself is in a store.
#[derive(Debug)]
pub(crate) struct SessionCookie {
    /// Of the first chunk.
    name: String,
    /// What the names of all chunks but the first begin with.
    chunk_prefix: String,
    attributes: Attributes,
    budget: usize,
    sealer: Arc<Sealer>,
}

/// The value of a session cookie, its chunks put together.
pub(crate) struct Sealed<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) text: Cow<'a, [u8]>,
}

/// The chunks of a header after the first, of each number all, looked up once however many
/// candidates name them. Most sessions have none.
type Chunks<'a> = OnceCell<Box<[OnceCell<Vec<&'a [u8]>>; MAX_CHUNKS]>>;

/// What was sealed into a session cookie.
#[derive(Debug)]
pub(crate) enum Content {
    /// The session itself.
    Session(Session),
    /// The pointer of a session that a store keeps.
    SessionPointer(SessionPointer),
}

impl SessionCookie {
    /// The cookie of the sealer's name.
    pub(crate) fn new(attributes: Attributes, budget: usize, sealer: Arc<Sealer>) -> Self {
        let name = sealer.name.clone();
        Self { chunk_prefix: format!("{name}."), name, attributes, budget, sealer }
    }

    /// The cookie of the same sessions in a frame of another site, whose jar is another one. It is
    /// sealed for the name of the window's cookie, so that a session goes from one to the other
    /// as it is.
    pub(crate) fn in_frame(&self, name: &str) -> Self {
        let attributes = Attributes::for_frame();
        let name = attributes.name(name);
        let (budget, sealer) = (self.budget, Arc::clone(&self.sealer));
        Self { chunk_prefix: format!("{name}."), name, attributes, budget, sealer }
    }

    /// The cookie of the same sessions under another name, which is also what it was sealed for.
    pub(crate) fn renamed(&self, name: String, attributes: Attributes) -> Self {
        let sealer = self.sealer.renamed(name);
        Self::new(attributes, self.budget, sealer)
    }

    /// The name of the first chunk.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What may be the session in a `Cookie` header, in the order sent: browsers may send several
    /// cookies under one name. `None` is a value that cannot be one of ours.
    pub(crate) fn candidates<'a>(
        &'a self,
        header: &'a [u8],
    ) -> impl Iterator<Item = Option<Sealed<'a>>> {
        let chunks = Chunks::default();
        let mut left = MAX_CANDIDATES;
        let values = cookies::values(header, self.name()).filter(|value| !value.is_empty());
        values.enumerate().map_while(move |(number, first)| {
            let sealed = self.sealed(header, &chunks, number, first);
            let bytes = sealed.as_ref().map_or(0, |sealed| sealed.text.len()).max(MIN_CANDIDATE);
            left = left.checked_sub(bytes)?;
            Some(sealed)
        })
    }

    fn sealed<'a>(
        &self,
        header: &'a [u8],
        chunks: &Chunks<'a>,
        number: usize,
        first: &'a [u8],
    ) -> Option<Sealed<'a>> {
        let (&count, first) = first.split_first()?;
        if count == POINTER {
            return Some(Sealed { purpose: Purpose::SessionPointer, text: first.into() });
        }
        let count = usize::from(count.checked_sub(b'0')?);
        if !(1..=MAX_CHUNKS).contains(&count) {
            return None;
        }
        if count == 1 {
            return Some(Sealed { purpose: Purpose::Session, text: first.into() });
        }
        let mut text = Cow::Borrowed(first);
        let chunks = chunks.get_or_init(Box::default);
        for (at, chunk) in chunks.iter().enumerate().take(count).skip(1) {
            let sent = chunk.get_or_init(|| cookies::values(header, &self.chunk(at)).collect());
            // Of two sessions, both in several cookies, the second has the second of each.
            text.to_mut().extend_from_slice(sent.get(number).or(sent.first())?);
        }
        Some(Sealed { purpose: Purpose::Session, text })
    }

    pub(crate) fn open(&self, sealed: &Sealed<'_>) -> Option<Content> {
        let opened = self.sealer.open(sealed.purpose, &sealed.text)?;
        match sealed.purpose {
            Purpose::SessionPointer => {
                SessionPointer::from_bytes(&opened).map(Content::SessionPointer)
            }
            _ => {
                let grant = |shown, _: &[u8]| Grant::from_sealed(shown, &self.sealer, &sealed.text);
                pack::unpack(&opened, grant).map(Content::Session)
            }
        }
    }

    /// The `Set-Cookie` lines that make the browser keep a pointer for `max_age` seconds.
    pub(crate) fn write_pointer(
        &self,
        pointer: &SessionPointer,
        header: &str,
        max_age: u64,
    ) -> Result<Vec<String>, Error> {
        let sealed = self.sealer.seal(Purpose::SessionPointer, pointer.to_bytes())?;
        let value = format!("{}{sealed}", char::from(POINTER));
        let first = self.attributes.set(&self.name, &value, max_age);
        Ok(std::iter::once(first).chain(self.remove_chunks(header, 1)).collect())
    }

    /// The `Set-Cookie` lines that make the browser keep this session for `max_age` seconds, and
    /// forget the chunks of a longer one that `header` still holds.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionTooLarge`] if the cookies would not fit the budget.
    pub(crate) fn write(
        &self,
        session: &Session,
        header: &str,
        max_age: u64,
    ) -> Result<Vec<String>, Error> {
        let packed = self.sealer.packer.pack(session);
        let value = self.sealer.seal(Purpose::Session, packed)?;
        let mut rest = value.as_str();
        let mut chunks = Vec::new();
        while !rest.is_empty() {
            let room = CHUNK.saturating_sub(self.chunk(chunks.len()).len());
            let (chunk, more) = rest.split_at(room.min(rest.len()));
            chunks.push(chunk);
            rest = more;
        }
        self.check_budget(&chunks)?;

        let count = chunks.len();
        let written = chunks.into_iter().enumerate().map(|(at, chunk)| {
            let count = if at == 0 { count.to_string() } else { String::new() };
            self.attributes.set(&self.chunk(at), &format!("{count}{chunk}"), max_age)
        });
        Ok(written.chain(self.remove_chunks(header, count)).collect())
    }

    /// The `Set-Cookie` lines that end the session in this browser.
    pub(crate) fn remove(&self, header: &str) -> Vec<String> {
        let first = self.attributes.remove(self.name());
        std::iter::once(first).chain(self.remove_chunks(header, 1)).collect()
    }

    fn remove_chunks(&self, header: &str, from: usize) -> impl Iterator<Item = String> {
        // Usually there are none, which one look tells.
        let any = cookies::starting_with(header.as_bytes(), &self.chunk_prefix).next();
        let from = any.map_or(MAX_CHUNKS, |_| from);
        (from..MAX_CHUNKS)
            .map(|at| self.chunk(at))
            .filter(|name| cookies::values(header.as_bytes(), name).next().is_some())
            .map(|name| self.attributes.remove(&name))
    }

    fn check_budget(&self, chunks: &[&str]) -> Result<(), Error> {
        // A cookie travels as `name=value; `; the first value has one more digit.
        let bytes: usize = chunks
            .iter()
            .enumerate()
            .map(|(at, chunk)| self.chunk(at).len() + chunk.len() + "=; ".len())
            .sum::<usize>()
            + 1;
        if bytes <= self.budget && chunks.len() <= MAX_CHUNKS {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::SessionTooLarge,
            format!(
                "the session takes {bytes} bytes of cookies and {} are allowed: ask for fewer \
                 scopes, or keep sessions in a store",
                self.budget
            ),
        ))
    }

    fn chunk(&self, at: usize) -> Cow<'_, str> {
        match at {
            0 => Cow::Borrowed(self.name()),
            _ => format!("{}{at}", self.chunk_prefix).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Budget;
    use crate::crypto::encoding;
    use crate::crypto::seal::KeyRing;
    use crate::oidc::claims::IdTokenClaims;
    use crate::session::{Packer, SessionId, StoredTokens};

    fn cookie(budget: usize) -> SessionCookie {
        let keys = KeyRing::new(&["a secret".into()], "context").unwrap();
        let attributes = Attributes::for_host(true);
        let name = attributes.name("logto");
        let packer = Packer::new("issuer", "app");
        let sealer = Sealer::new(keys.into(), name, packer, Budget::new(0).into());
        SessionCookie::new(attributes, budget, sealer)
    }

    /// A session with so many bytes that do not compress.
    fn session<const BYTES: usize>() -> Session {
        let noise = encoding::encode(encoding::random::<BYTES>().unwrap());
        let claims = format!(r#"{{"iss":"i","sub":"s","aud":"a","iat":1,"exp":2,"x":"{noise}"}}"#);
        let claims = IdTokenClaims::parse(claims.as_bytes()).unwrap();
        Session {
            id: SessionId::random().unwrap(),
            revision: 0,
            started_at: 1,
            last_used_at: 1,
            known_marker: None,
            grant: Grant::new(claims.into(), StoredTokens::default()),
        }
    }

    /// What the browser sends after these lines.
    fn header(lines: &[String]) -> String {
        let pairs: Vec<_> = lines.iter().map(|line| line.split(';').next().unwrap()).collect();
        pairs.join("; ")
    }

    #[test]
    fn a_session_takes_no_more_of_the_header_than_its_budget() {
        for session in [session::<100>(), session::<10_000>()] {
            let write = |budget| cookie(budget).write(&session, "", 60);
            let bytes = header(&write(usize::MAX).unwrap()).len() + "; ".len();
            assert!(write(bytes).is_ok());
            assert_eq!(write(bytes - 1).unwrap_err().kind(), ErrorKind::SessionTooLarge);
        }
    }

    #[test]
    fn more_chunks_than_are_read_are_not_written() {
        let error = cookie(usize::MAX).write(&session::<40_000>(), "", 60).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SessionTooLarge);
    }

    #[test]
    fn chunks_of_a_longer_session_are_removed() {
        let cookie = cookie(usize::MAX);
        let long = cookie.write(&session::<10_000>(), "", 60).unwrap();
        let header = header(&long);
        let short = cookie.write(&session::<100>(), &header, 60).unwrap();
        for lines in [short, cookie.remove(&header)] {
            assert_eq!(lines.len(), long.len());
            assert!(lines[1..].iter().all(|line| line.contains("=; ")), "{lines:?}");
        }
    }
}
