//! One sign-in in progress, bound to the browser that began it.
//!
//! What has to be remembered travels in the `state`, sealed. The cookie holds only a secret of the
//! browser, from which PKCE verifier and nonce are derived: so any number of tabs can sign in at
//! once, whatever their addresses, and it does not matter which of them Logto sends back first.

use super::browser_secret::{BrowserSecret, BrowserSecrets, Tag};
use super::{Freshness, SignInOptions};
use crate::cookies::Attributes;
use crate::crypto::encoding;
use crate::crypto::seal::{KeyRing, Purpose};
use crate::error::Error;

/// What the seal of a `state` is bound to; no cookie can have this name.
const STATE: &str = "state=";
/// Set in the flags of a sealed state.
const FOR_APIS: u8 = 1;
const RESTARTED: u8 = 2;

/// What a sign-in is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Intent {
    /// Where to go afterwards: a path of this app.
    pub(crate) return_to: Option<String>,
    /// The redirect URI's path, where it is not the SDK's own route.
    pub(crate) redirect_path: Option<String>,
    /// The [options](super::SignInOptions::to_query) to repeat the sign-in with.
    pub(crate) repeat: String,
    /// Whether API resources were asked for, which Logto may not know.
    pub(crate) for_apis: bool,
    /// Whether it is the second attempt already.
    pub(crate) restarted: bool,
    /// How recent the authentication has to be, if that was asked for.
    pub(crate) freshness: Option<Freshness>,
}

impl Intent {
    pub(crate) fn max_age(&self) -> Option<u64> {
        self.freshness.as_ref().map(|freshness| freshness.max_age)
    }

    /// The page for someone who has a session and did not sign in again. One that needs a recent
    /// sign-in would ask for it once more, and so on.
    fn page_without_sign_in(&self) -> Option<&str> {
        self.return_to.as_deref().filter(|_| self.freshness.is_none())
    }

    /// The options of the same sign-in once more.
    pub(crate) fn options(&self) -> SignInOptions {
        SignInOptions {
            redirect_uri: self.redirect_path.clone(),
            post_redirect_uri: self.return_to.clone(),
            ..SignInOptions::from_query(&self.repeat)
        }
    }
}

/// What has to be remembered between sending the browser away and seeing it again.
#[derive(Clone)]
pub(crate) struct Transaction {
    /// 128 random bits.
    id: [u8; 16],
    browser: BrowserSecret,
    pub(crate) intent: Intent,
}

impl Transaction {
    /// The PKCE verifier: 256 bits (RFC 7636, section 4.1).
    pub(crate) fn verifier(&self) -> String {
        encoding::encode(self.browser.derive(b"verifier", &self.id))
    }

    /// The nonce: a hash of a secret that only this browser has (OpenID Connect Core, section
    /// 15.5.2).
    pub(crate) fn nonce(&self) -> String {
        // Half of the hash is enough, and a session keeps it.
        let hash = self.browser.derive(b"nonce", &self.id);
        encoding::encode(hash.into_iter().take(16).collect::<Vec<_>>())
    }

    /// What names the sign-in, however its `state` is spelt.
    pub(crate) fn id(&self) -> String {
        encoding::encode(self.id)
    }
}

/// A sign-in that begins.
pub(crate) struct Begun {
    pub(crate) transaction: Transaction,
    pub(crate) state: String,
    /// The `Set-Cookie` line that binds it to the browser.
    pub(crate) cookie: String,
}

/// What a `state` says of the sign-in that this browser comes back from.
pub(crate) enum Returning {
    /// A sign-in of this browser.
    Found(Transaction),
    /// It was a sign-in of this browser in all likelihood: a tab that began one at the same time
    /// was given a cookie of the same name.
    Displaced(Intent),
    /// Over, or of another browser, on the way to this page.
    Other(Option<String>),
    /// The same where the browser sent no cookie of any sign-in.
    WithoutCookie(Option<String>),
}

/// Begins sign-ins, and recognizes them when they come back.
#[derive(Debug)]
pub(crate) struct Transactions {
    browsers: BrowserSecrets,
    lifetime: u64,
}

impl Transactions {
    pub(crate) fn new(attributes: Attributes, lifetime: u64, context: &str) -> Self {
        Self { browsers: BrowserSecrets::new(attributes, lifetime, context), lifetime }
    }

    /// Begins a sign-in of the browser that sent the cookies in `header`, perhaps in place of
    /// another.
    pub(crate) fn begin(
        &self,
        keys: &KeyRing,
        header: &str,
        now: u64,
        intent: Intent,
        replaces: bool,
    ) -> Result<Begun, Error> {
        let browser =
            self.browsers.begin(keys, header, now, intent.page_without_sign_in(), replaces)?;
        let cookie = self.browsers.write(keys, &browser, now)?;
        let sealed = Sealed {
            id: encoding::random()?,
            slot: browser.slot,
            tag: browser.tag(),
            expires_at: now + self.lifetime,
            intent,
        };
        let state = keys.seal(Purpose::SignIn, STATE, sealed.to_bytes())?;
        let Sealed { id, intent, .. } = sealed;
        Ok(Begun { transaction: Transaction { id, browser, intent }, state, cookie })
    }

    /// What a `state` stands for in the browser that sent the cookies in `header`.
    pub(crate) fn find(&self, keys: &KeyRing, header: &str, state: &str, now: u64) -> Returning {
        let sealed = keys.open(Purpose::SignIn, STATE, state);
        let Some(sealed) = sealed.and_then(|bytes| Sealed::from_bytes(&bytes)) else {
            return Returning::Other(None);
        };
        let Sealed { id, slot, tag, expires_at, intent } = sealed;
        if now >= expires_at {
            return Returning::Other(intent.page_without_sign_in().map(str::to_owned));
        }
        let mut displaced = false;
        for browser in self.browsers.in_header(keys, header, now) {
            if browser.tag() == tag {
                return Returning::Found(Transaction { id, browser, intent });
            }
            displaced |= browser.slot == slot;
        }
        let page = intent.page_without_sign_in().map(str::to_owned);
        match displaced {
            true => Returning::Displaced(intent),
            false if self.browsers.has_cookie(header) => Returning::Other(page),
            false => Returning::WithoutCookie(page),
        }
    }

    /// Whether a `state` is one of this app, of any browser and any age.
    pub(crate) fn is_state(keys: &KeyRing, state: &str) -> bool {
        keys.open(Purpose::SignIn, STATE, state).is_some()
    }

    /// The page that the latest sign-in of this browser is to end at.
    pub(crate) fn latest_return_to(
        &self,
        keys: &KeyRing,
        header: &str,
        now: u64,
    ) -> Option<String> {
        self.browsers.latest_return_to(keys, header, now)
    }

    /// The `Set-Cookie` line with which a sign-in has ended.
    pub(crate) fn finish(&self, keys: &KeyRing, transaction: &Transaction, now: u64) -> String {
        self.browsers.finish(keys, &transaction.browser, now)
    }
}

/// What a `state` says.
struct Sealed {
    id: [u8; 16],
    slot: u8,
    tag: Tag,
    expires_at: u64,
    intent: Intent,
}

impl Sealed {
    fn to_bytes(&self) -> Vec<u8> {
        let Intent { return_to, redirect_path, repeat, for_apis, restarted, freshness } =
            &self.intent;
        let part = |part: &Option<String>| part.clone().unwrap_or_default();
        let freshness = freshness.as_ref().map(Freshness::to_line).unwrap_or_default();
        let lines = format!("{}\n{}\n{repeat}\n{freshness}", part(return_to), part(redirect_path));
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let flags = flag(*for_apis, FOR_APIS) | flag(*restarted, RESTARTED);
        [
            self.id.as_slice(),
            &[self.slot, flags],
            &self.tag,
            &self.expires_at.to_le_bytes(),
            lines.as_bytes(),
        ]
        .concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (id, rest) = bytes.split_first_chunk()?;
        let ([slot, flags], rest) = rest.split_first_chunk()?;
        let (tag, rest) = rest.split_first_chunk()?;
        let (expires_at, lines) = rest.split_first_chunk()?;
        let mut lines = std::str::from_utf8(lines).ok()?.split('\n');
        let part = |part: &str| (!part.is_empty()).then(|| part.to_owned());
        Some(Self {
            id: *id,
            slot: *slot,
            tag: *tag,
            expires_at: u64::from_le_bytes(*expires_at),
            intent: Intent {
                return_to: part(lines.next()?),
                redirect_path: part(lines.next()?),
                repeat: lines.next()?.to_owned(),
                for_apis: flags & FOR_APIS != 0,
                restarted: flags & RESTARTED != 0,
                freshness: match lines.next()? {
                    "" => None,
                    // One that cannot be read must not let anyone in without it.
                    line => Some(Freshness::from_line(line)?),
                },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn fixture() -> (Transactions, KeyRing) {
        let transactions = Transactions::new(Attributes::for_host(true), 900, "issuer\napp");
        (transactions, KeyRing::new(&[SecretString::from("secret")], "issuer\napp").unwrap())
    }

    /// A sign-in on the way to a page, and its cookie.
    fn begun(header: &str, page: &str) -> (Begun, String) {
        let (transactions, keys) = fixture();
        let intent = Intent {
            return_to: Some(page.to_owned()),
            repeat: "a=b".to_owned(),
            for_apis: true,
            ..Intent::default()
        };
        let begun = transactions.begin(&keys, header, 1000, intent, false).unwrap();
        let cookie = begun.cookie.split(';').next().unwrap().to_owned();
        (begun, cookie)
    }

    fn found(header: &str, state: &str, now: u64) -> Option<Transaction> {
        let (transactions, keys) = fixture();
        match transactions.find(&keys, header, state, now) {
            Returning::Found(transaction) => Some(transaction),
            _ => None,
        }
    }

    #[test]
    fn only_the_browser_that_began_it_finds_it_and_only_in_time() {
        let (Begun { transaction, state, .. }, cookie) = begun("", "/profile?a=b");
        let again = found(&cookie, &state, 1899).unwrap();
        assert_eq!(again.intent, transaction.intent);
        assert_eq!(again.verifier(), transaction.verifier());
        assert_eq!(again.nonce(), transaction.nonce());
        assert!(found(&cookie, &state, 1900).is_none(), "too late");
        assert!(found("", &state, 1000).is_none(), "another browser");
        let (other, _) = begun("", "/");
        assert!(found(&cookie, &other.state, 1000).is_none(), "another browser's state");
        let cut = &state[..state.len() - 2];
        assert!(found(&cookie, cut, 1000).is_none(), "a damaged state");
    }

    /// A later sign-in gives the browser a cookie that outlives the `state` of the first.
    #[test]
    fn a_state_ends_although_its_cookie_is_good_for_longer() {
        let (Begun { state, .. }, cookie) = begun("", "/");
        let (transactions, keys) = fixture();
        let later = transactions.begin(&keys, &cookie, 1500, Intent::default(), false).unwrap();
        let cookie = later.cookie.split(';').next().unwrap();
        assert!(found(cookie, &state, 1899).is_some());
        assert!(found(cookie, &state, 1900).is_none());
        assert!(found(cookie, &later.state, 1900).is_some());
    }

    #[test]
    fn thirty_tabs_at_once_come_back_or_begin_again_once() {
        let (transactions, keys) = fixture();
        let mut jar = std::collections::BTreeMap::new();
        let mut states = Vec::new();
        for tab in 0..30 {
            let (Begun { state, .. }, cookie) = begun("", &format!("/{tab}?{}", "a".repeat(300)));
            let (name, value) = cookie.split_once('=').unwrap();
            jar.insert(name.to_owned(), value.to_owned());
            states.push(state);
        }
        let jar: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let header = jar.join("; ");
        let mut back = 0;
        for (tab, state) in states.iter().enumerate() {
            let intent = match transactions.find(&keys, &header, state, 1000) {
                Returning::Found(transaction) => {
                    back += 1;
                    transaction.intent
                }
                Returning::Displaced(intent) => intent,
                _ => panic!("tab {tab} is lost"),
            };
            assert!(intent.return_to.unwrap().starts_with(&format!("/{tab}?")));
        }
        assert_eq!(back, jar.len());
    }

    #[test]
    fn sign_ins_of_one_browser_have_values_of_their_own() {
        let (first, cookie) = begun("", "/");
        let (second, cookie_of_both) = begun(&cookie, "/");
        assert_eq!(first.transaction.verifier().len(), 43);
        let values: Vec<_> = [&first.transaction, &second.transaction]
            .into_iter()
            .flat_map(|it| [it.verifier(), it.nonce(), it.id()])
            .collect();
        for (at, value) in values.iter().enumerate() {
            assert!(!values[..at].contains(value));
        }
        assert!(found(&cookie_of_both, &first.state, 1000).is_some());
        assert!(found(&cookie_of_both, &second.state, 1000).is_some());
    }

    #[test]
    fn only_a_cookie_of_the_same_name_displaces_another() {
        let (transactions, keys) = fixture();
        let name = |begun: &Begun| begun.cookie.split('=').next().unwrap().to_owned();
        let (first, cookie) = begun("", "/");
        let others: Vec<_> = (0..200).map(|_| begun("", "/").0).collect();
        let is_displaced = |other: &Begun| {
            let returning = transactions.find(&keys, &cookie, &other.state, 1000);
            matches!(returning, Returning::Displaced(_))
        };
        assert!(others.iter().all(|other| is_displaced(other) == (name(other) == name(&first))));
    }

    #[test]
    fn a_repeated_sign_in_comes_back_to_the_same_pages() {
        let intent = Intent {
            return_to: Some("/home".to_owned()),
            redirect_path: Some("/done".to_owned()),
            ..Intent::default()
        };
        let SignInOptions { redirect_uri, post_redirect_uri, .. } = intent.options();
        assert_eq!(
            (redirect_uri.as_deref(), post_redirect_uri.as_deref()),
            (Some("/done"), Some("/home"))
        );
    }
}
