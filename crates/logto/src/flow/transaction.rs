//! One sign-in in progress, bound to the browser that began it.
//!
//! Every sign-in has a cookie of its own, named after its `state`. So any number of tabs can sign
//! in at once, and it does not matter which of them Logto sends back first.

use crate::cookies::{self, Attributes};
use crate::crypto::encoding;
use crate::crypto::seal::{KeyRing, Purpose};
use crate::error::Error;

/// Bytes of `state`: 128 random bits, 22 characters.
const STATE: usize = 16;
const STATE_CHARACTERS: usize = 22;
/// Sign-ins in progress that one browser may have, and the bytes of their cookies; beginning one more
/// forgets the oldest, so that abandoned ones do not fill the request headers.
const MAX_IN_PROGRESS: usize = 24;
const MAX_BYTES: usize = 4 * 1024;
/// Cookies that one answer removes at most: more than a browser of ours ever has.
const MAX_REMOVED: usize = 2 * MAX_IN_PROGRESS;
/// Together with all other cookies they stay below what many proxies allow, but never below this.
const HEADER: usize = 7 * 1024;
const MIN_BYTES: usize = 1024;

/// What has to be remembered between sending the browser away and seeing it again.
#[derive(Clone)]
pub(crate) struct Transaction {
    pub(crate) state: String,
    /// The root of PKCE verifier and nonce.
    secret: [u8; 32],
    expires_at: u64,
    /// Where to go afterwards: a path of this app.
    pub(crate) return_to: Option<String>,
    /// The redirect URI's path, where it is not the SDK's own route.
    pub(crate) redirect_path: Option<String>,
    /// If API resources were asked for: the [options](super::SignInOptions::to_query) to repeat the
    /// sign-in with without them.
    pub(crate) repeat: Option<String>,
}

impl Transaction {
    /// The PKCE verifier: 256 random bits (RFC 7636, section 4.1).
    pub(crate) fn verifier(&self) -> String {
        encoding::encode(self.secret)
    }

    /// The nonce: a hash of a secret that only this browser holds (OpenID Connect Core, section
    /// 15.5.2).
    pub(crate) fn nonce(&self) -> String {
        // Half of the hash is enough, and a session keeps it.
        let hash = encoding::sha256(&[b"nonce", &self.secret]);
        encoding::encode(hash.into_iter().take(16).collect::<Vec<_>>())
    }

    fn to_bytes(&self) -> Vec<u8> {
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let mut lines = format!("{}\n{}", part(&self.return_to), part(&self.redirect_path));
        if let Some(repeat) = &self.repeat {
            lines.push('\n');
            lines.push_str(repeat);
        }
        [&self.expires_at.to_le_bytes(), self.secret.as_slice(), lines.as_bytes()].concat()
    }

    fn from_bytes(state: &str, bytes: &[u8]) -> Option<Self> {
        let (expires_at, rest) = bytes.split_first_chunk::<8>()?;
        let (secret, lines) = rest.split_first_chunk::<32>()?;
        let mut lines = std::str::from_utf8(lines).ok()?.split('\n');
        let (return_to, redirect_path) = (lines.next()?, lines.next()?);
        let part = |part: &str| (!part.is_empty()).then(|| part.to_owned());
        Some(Self {
            state: state.to_owned(),
            secret: *secret,
            expires_at: u64::from_le_bytes(*expires_at),
            return_to: part(return_to),
            redirect_path: part(redirect_path),
            repeat: lines.next().map(str::to_owned),
        })
    }
}

fn is_state(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() == STATE_CHARACTERS && text.bytes().all(plain)
}

/// Writes and reads the cookies of sign-ins in progress.
#[derive(Debug)]
pub(crate) struct Transactions {
    prefix: String,
    attributes: Attributes,
    lifetime: u64,
}

impl Transactions {
    pub(crate) fn new(attributes: Attributes, lifetime: u64) -> Self {
        Self { prefix: attributes.name("logto_sign_in_"), attributes, lifetime }
    }

    pub(crate) fn begin(
        &self,
        now: u64,
        return_to: Option<String>,
        redirect_path: Option<String>,
        repeat: Option<String>,
    ) -> Result<Transaction, Error> {
        Ok(Transaction {
            state: encoding::encode(encoding::random::<STATE>()?),
            secret: encoding::random()?,
            expires_at: now + self.lifetime,
            return_to,
            redirect_path,
            repeat,
        })
    }

    /// The `Set-Cookie` lines that bind the transaction to the browser.
    pub(crate) fn write(
        &self,
        keys: &KeyRing,
        transaction: &Transaction,
        header: &str,
    ) -> Result<Vec<String>, Error> {
        let name = self.name(&transaction.state);
        let sealed = keys.seal(Purpose::SignIn, &name, transaction.to_bytes())?;
        let mut lines = vec![self.attributes.set(&name, &sealed, self.lifetime)];
        // Browsers send the oldest cookie first (RFC 6265, section 5.4).
        let held: Vec<_> = self.held(header).collect();
        let all: usize = held.iter().map(|(name, value)| name.len() + value.len()).sum();
        let others = header.len().saturating_sub(all);
        let room = HEADER.saturating_sub(others).clamp(MIN_BYTES, MAX_BYTES);
        let (mut count, mut bytes) = (1, name.len() + sealed.len());
        let fits = held.iter().rev().take_while(|(name, value)| {
            count += 1;
            bytes += name.len() + value.len();
            count <= MAX_IN_PROGRESS && bytes <= room
        });
        let too_many = held.len() - fits.count();
        // Anybody can send thousands of such cookies; the answer must not grow with them.
        let forgotten = held.iter().take(too_many.min(MAX_REMOVED));
        lines.extend(forgotten.map(|(name, _)| self.attributes.remove(name)));
        Ok(lines)
    }

    /// The transaction of this `state`, if this browser began it and it is not over.
    pub(crate) fn find(
        &self,
        keys: &KeyRing,
        header: &str,
        state: &str,
        now: u64,
    ) -> Option<Transaction> {
        if !is_state(state) {
            return None;
        }
        let name = self.name(state);
        cookies::values(header, &name)
            .filter_map(|sealed| keys.open(Purpose::SignIn, &name, sealed))
            .filter_map(|bytes| Transaction::from_bytes(state, &bytes))
            .find(|transaction| now < transaction.expires_at)
    }

    /// The sign-in that this browser began last. Each cookie is opened where it stands, and only as
    /// many as a browser of ours has: looking each one up by its name again would cost quadratic
    /// time.
    pub(crate) fn latest(&self, keys: &KeyRing, header: &str, now: u64) -> Option<Transaction> {
        self.held(header)
            .take(MAX_REMOVED)
            .filter_map(|(name, sealed)| {
                let state = name.strip_prefix(self.prefix.as_str())?;
                let bytes = keys.open(Purpose::SignIn, name, sealed)?;
                Transaction::from_bytes(state, &bytes)
            })
            .filter(|transaction| now < transaction.expires_at)
            .max_by_key(|transaction| transaction.expires_at)
    }

    /// The `Set-Cookie` line that makes the browser forget the transaction.
    pub(crate) fn remove(&self, state: &str) -> String {
        self.attributes.remove(&self.name(state))
    }

    /// The cookies of sign-ins in progress; what merely has a similar name is somebody else's.
    fn held<'a>(&'a self, header: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        cookies::starting_with(header, &self.prefix)
            .filter(|(name, _)| name.strip_prefix(self.prefix.as_str()).is_some_and(is_state))
    }

    fn name(&self, state: &str) -> String {
        format!("{}{state}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn fixture() -> (Transactions, KeyRing) {
        let transactions = Transactions::new(Attributes::for_host(true), 900);
        (transactions, KeyRing::new(&[SecretString::from("secret")], "issuer").unwrap())
    }

    fn cookie(line: &str) -> &str {
        line.split(';').next().unwrap()
    }

    #[test]
    fn only_the_browser_that_began_it_finds_it_and_only_in_time() {
        let (transactions, keys) = fixture();
        let begun = transactions
            .begin(1000, Some("/profile?a=b".to_owned()), None, Some(String::new()))
            .unwrap();
        let line = transactions.write(&keys, &begun, "").unwrap().remove(0);
        let header = cookie(&line);
        let find = |header, state: &str, now| transactions.find(&keys, header, state, now);

        let found = find(header, &begun.state, 1899).unwrap();
        assert_eq!(found.return_to.as_deref(), Some("/profile?a=b"));
        assert_eq!((found.verifier(), found.nonce()), (begun.verifier(), begun.nonce()));
        assert!(find(header, &begun.state, 1900).is_none(), "too late");
        assert!(find("", &begun.state, 1000).is_none(), "another browser");
        let other = transactions.begin(1000, None, None, None).unwrap();
        assert!(find(header, &other.state, 1000).is_none(), "another state");
        let renamed = header.replace(&begun.state, &other.state);
        assert!(find(&renamed, &other.state, 1000).is_none(), "a renamed cookie");
    }

    #[test]
    fn verifier_and_nonce_have_the_right_form_and_differ() {
        let (transactions, _) = fixture();
        let (one, two) = (
            transactions.begin(0, None, None, None).unwrap(),
            transactions.begin(0, None, None, None).unwrap(),
        );
        assert_eq!(one.verifier().len(), 43);
        assert_ne!(one.verifier(), one.nonce());
        assert_ne!((one.verifier(), one.nonce()), (two.verifier(), two.nonce()));
    }

    /// Begins more sign-ins than are kept, each on the way to `page`; the cookies that are left, and
    /// all states.
    fn abandoned(page: &str) -> (Vec<String>, Vec<String>) {
        let (transactions, keys) = fixture();
        let mut jar = Vec::<String>::new();
        let mut states = Vec::new();
        for _ in 0..MAX_IN_PROGRESS + 3 {
            let begun = transactions.begin(0, Some(page.to_owned()), None, None).unwrap();
            let lines = transactions.write(&keys, &begun, &jar.join("; ")).unwrap();
            for removed in lines.iter().skip(1) {
                jar.retain(|held| held.split('=').next() != removed.split('=').next());
            }
            jar.push(cookie(&lines[0]).to_owned());
            states.push(begun.state);
        }
        (jar, states)
    }

    #[test]
    fn abandoned_sign_ins_are_forgotten_oldest_first() {
        let (jar, states) = abandoned("/");
        let (transactions, keys) = fixture();
        let header = jar.join("; ");
        let found = |state: &String| transactions.find(&keys, &header, state, 0).is_some();
        assert_eq!(jar.len(), MAX_IN_PROGRESS);
        assert!(!states[..3].iter().any(found));
        assert!(states[3..].iter().all(found));
    }

    #[test]
    fn a_flood_of_cookies_is_looked_at_and_removed_up_to_a_bound() {
        let (transactions, keys) = fixture();
        let begun = transactions.begin(0, Some("/page".to_owned()), None, None).unwrap();
        let own = transactions.write(&keys, &begun, "").unwrap().remove(0);
        let mut jar = vec![cookie(&own).to_owned()];
        jar.extend((0..10_000).map(|n| format!("__Host-logto_sign_in_{n:022}=x")));
        let header = jar.join("; ");
        let lines = transactions.write(&keys, &begun, &header).unwrap();
        assert_eq!(lines.len(), 1 + MAX_REMOVED);
        let latest = transactions.latest(&keys, &header, 0).unwrap();
        assert_eq!(latest.return_to.as_deref(), Some("/page"));
    }

    #[test]
    fn cookies_with_similar_names_are_not_touched() {
        let (transactions, keys) = fixture();
        let similar: Vec<_> =
            (0..40).map(|n| format!("__Host-logto_sign_in_caf\u{fffd}{n}=1")).collect();
        let begun = transactions.begin(0, None, None, None).unwrap();
        assert_eq!(transactions.write(&keys, &begun, &similar.join("; ")).unwrap().len(), 1);
    }

    #[test]
    fn long_addresses_leave_room_for_fewer() {
        let (jar, states) = abandoned(&format!("/{}", "a".repeat(1000)));
        let (transactions, keys) = fixture();
        assert!(jar.iter().map(String::len).sum::<usize>() <= MAX_BYTES + jar.len());
        let newest = states.last().unwrap();
        assert!(transactions.find(&keys, &jar.join("; "), newest, 0).is_some());
    }
}
