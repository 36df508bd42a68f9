//! The secret that binds sign-ins in progress to the browser that began them.
//!
//! All sign-ins of a browser share one secret, so any number of tabs costs one small cookie. Tabs
//! that are opened at the same moment do not see each other's cookies yet: each picks one of a few
//! names at random. However many there are, the cookies stay below 4 KiB together.

use crate::cookies::{self, Attributes};
use crate::crypto::encoding;
use crate::crypto::seal::{KeyRing, Purpose};
use crate::error::Error;

/// Names that the cookie can have.
const SLOTS: u8 = 16;
const SLOT_CHARACTERS: &[u8] = b"0123456789abcdef";
/// Cookies that one request makes us open at most. A browser of ours has one of each name, or two
/// where another path or domain has it too.
const MAX_OPENED: usize = 32;
/// Longer pages are not repeated in the cookie: sixteen of them would not fit into 4 KiB.
const MAX_RETURN_TO: usize = 100;
const SECRET: usize = 20;
const TAG: usize = 8;

/// Names a secret in a `state`, without telling it.
pub(super) type Tag = [u8; TAG];

/// A secret of a browser.
#[derive(Clone)]
pub(crate) struct BrowserSecret {
    pub(super) slot: u8,
    secret: [u8; SECRET],
    expires_at: u64,
    /// Sign-ins that began with it and did not come back yet. Requests at the same time may
    /// miscount, which costs a cookie that stays until it expires, or one sign-in that begins
    /// again.
    in_progress: u8,
    /// Where the latest sign-in is to end: Logto sends nothing along when its consent page is
    /// cancelled.
    return_to: Option<String>,
}

impl BrowserSecret {
    /// A value for one sign-in and one purpose, which only this browser can lead to.
    pub(super) fn derive(&self, purpose: &[u8], id: &[u8]) -> [u8; 32] {
        encoding::sha256(&[purpose, &self.secret, id])
    }

    pub(super) fn tag(&self) -> Tag {
        let [a, b, c, d, e, f, g, h, ..] = self.derive(b"tag", b"");
        [a, b, c, d, e, f, g, h]
    }

    fn to_bytes(&self) -> Vec<u8> {
        let return_to = self.return_to.as_deref().unwrap_or_default();
        [
            &self.expires_at.to_le_bytes(),
            self.secret.as_slice(),
            &[self.in_progress],
            return_to.as_bytes(),
        ]
        .concat()
    }

    fn from_bytes(slot: u8, bytes: &[u8]) -> Option<Self> {
        let (expires_at, rest) = bytes.split_first_chunk()?;
        let (secret, rest) = rest.split_first_chunk()?;
        let (in_progress, return_to) = rest.split_first()?;
        let return_to = std::str::from_utf8(return_to).ok()?;
        Some(Self {
            slot,
            secret: *secret,
            expires_at: u64::from_le_bytes(*expires_at),
            in_progress: *in_progress,
            return_to: (!return_to.is_empty()).then(|| return_to.to_owned()),
        })
    }
}

/// Writes and reads the cookies of browser secrets.
#[derive(Debug)]
pub(super) struct BrowserSecrets {
    prefix: String,
    attributes: Attributes,
    lifetime: u64,
}

impl BrowserSecrets {
    /// `context` is tenant and application: two apps on one host have cookies of their own.
    pub(super) fn new(attributes: Attributes, lifetime: u64, context: &str) -> Self {
        let hash = encoding::encode(encoding::sha256(&[b"sign-in", context.as_bytes()]));
        let app: String = hash.chars().take(4).collect();
        Self { prefix: attributes.name(&format!("logto_sign_in_{app}")), attributes, lifetime }
    }

    /// Counts one more sign-in, unless it replaces another, with the secret that the browser has or
    /// a new one.
    pub(super) fn begin(
        &self,
        keys: &KeyRing,
        header: &str,
        now: u64,
        return_to: Option<&str>,
        replaces: bool,
    ) -> Result<BrowserSecret, Error> {
        let latest = self.in_header(keys, header, now).max_by_key(|browser| browser.expires_at);
        let mut browser = match latest {
            Some(browser) => browser,
            None => BrowserSecret {
                slot: self.free_slot(header)?,
                secret: encoding::random()?,
                expires_at: 0,
                in_progress: 0,
                return_to: None,
            },
        };
        browser.expires_at = now + self.lifetime;
        if !replaces || browser.in_progress == 0 {
            browser.in_progress = browser.in_progress.saturating_add(1);
        }
        browser.return_to =
            return_to.filter(|return_to| return_to.len() <= MAX_RETURN_TO).map(str::to_owned);
        Ok(browser)
    }

    /// The `Set-Cookie` line after one of the sign-ins has come back.
    pub(super) fn finish(&self, keys: &KeyRing, browser: &BrowserSecret, now: u64) -> String {
        let left =
            BrowserSecret { in_progress: browser.in_progress.saturating_sub(1), ..browser.clone() };
        let kept = if left.in_progress > 0 { self.write(keys, &left, now).ok() } else { None };
        kept.unwrap_or_else(|| self.attributes.remove(&self.name(browser.slot)))
    }

    /// The `Set-Cookie` line that gives the browser its secret.
    pub(super) fn write(
        &self,
        keys: &KeyRing,
        browser: &BrowserSecret,
        now: u64,
    ) -> Result<String, Error> {
        let name = self.name(browser.slot);
        let sealed = keys.seal(Purpose::SignIn, &name, browser.to_bytes())?;
        Ok(self.attributes.set(&name, &sealed, browser.expires_at.saturating_sub(now)))
    }

    /// The secrets that the browser has.
    pub(super) fn in_header<'a>(
        &'a self,
        keys: &'a KeyRing,
        header: &'a str,
        now: u64,
    ) -> impl Iterator<Item = BrowserSecret> + 'a {
        self.cookies(header)
            .take(MAX_OPENED)
            .filter_map(move |(slot, name, sealed)| {
                BrowserSecret::from_bytes(slot, &keys.open(Purpose::SignIn, name, sealed)?)
            })
            .filter(move |browser| now < browser.expires_at)
    }

    /// The page that the latest sign-in of the browser is to end at.
    pub(super) fn latest_return_to(
        &self,
        keys: &KeyRing,
        header: &str,
        now: u64,
    ) -> Option<String> {
        self.in_header(keys, header, now).max_by_key(|browser| browser.expires_at)?.return_to
    }

    /// Whether the browser sends any cookie of ours, readable or not.
    pub(super) fn has_cookie(&self, header: &str) -> bool {
        self.cookies(header).next().is_some()
    }

    /// The cookies of our names: slot, name and value.
    fn cookies<'a>(&'a self, header: &'a str) -> impl Iterator<Item = (u8, &'a str, &'a str)> {
        cookies::starting_with(header.as_bytes(), &self.prefix).filter_map(|(name, value)| {
            let &[slot] = name.strip_prefix(self.prefix.as_str())?.as_bytes() else {
                return None;
            };
            let slot = SLOT_CHARACTERS.iter().position(|character| *character == slot)?;
            Some((u8::try_from(slot).ok()?, name, value))
        })
    }

    /// A name at random, if possible one that the browser has no cookie of.
    fn free_slot(&self, header: &str) -> Result<u8, Error> {
        let [random] = encoding::random()?;
        let mut taken = [false; SLOT_CHARACTERS.len()];
        for (slot, ..) in self.cookies(header) {
            if let Some(taken) = taken.get_mut(usize::from(slot)) {
                *taken = true;
            }
        }
        let free: Vec<u8> =
            (0..SLOTS).filter(|slot| taken.get(usize::from(*slot)) == Some(&false)).collect();
        let at = usize::from(random) % free.len().max(1);
        Ok(free.get(at).copied().unwrap_or(random % SLOTS))
    }

    fn name(&self, slot: u8) -> String {
        let character = SLOT_CHARACTERS.get(usize::from(slot)).copied().unwrap_or(b'0');
        format!("{}{}", self.prefix, char::from(character))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    fn fixture() -> (BrowserSecrets, KeyRing) {
        let secrets = BrowserSecrets::new(Attributes::for_host(true), 900, "issuer\napp");
        (secrets, KeyRing::new(&[SecretString::from("secret")], "issuer\napp").unwrap())
    }

    fn cookie(line: &str) -> &str {
        line.split(';').next().unwrap()
    }

    #[test]
    fn tabs_one_after_the_other_share_a_secret() {
        let (secrets, keys) = fixture();
        let first = secrets.begin(&keys, "", 0, Some("/one"), false).unwrap();
        let line = secrets.write(&keys, &first, 0).unwrap();
        let second = secrets.begin(&keys, cookie(&line), 10, Some("/two"), false).unwrap();
        assert_eq!((second.tag(), second.slot), (first.tag(), first.slot));
        let line = secrets.write(&keys, &second, 10).unwrap();
        assert!(line.contains("Max-Age=900;"), "{line}");
        let return_to = secrets.latest_return_to(&keys, cookie(&line), 10);
        assert_eq!(return_to.as_deref(), Some("/two"));
        // The cookie goes with the last of them.
        let line = secrets.finish(&keys, &second, 20);
        assert!(line.contains("Max-Age=890;"), "{line}");
        let left = secrets.in_header(&keys, cookie(&line), 20).next().unwrap();
        assert_eq!(left.tag(), first.tag());
        assert!(secrets.finish(&keys, &left, 30).contains("=; Path=/; Max-Age=0;"));
    }

    #[test]
    fn tabs_at_the_same_time_fit_into_four_kib_together() {
        let (secrets, keys) = fixture();
        let mut jar = std::collections::BTreeMap::new();
        for tab in 0..300 {
            let return_to = format!("/{tab:0>99}");
            let browser = secrets.begin(&keys, "", 0, Some(&return_to), false).unwrap();
            let line = secrets.write(&keys, &browser, 0).unwrap();
            let (name, value) = cookie(&line).split_once('=').unwrap();
            jar.insert(name.to_owned(), value.to_owned());
        }
        let pairs: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert!(pairs.join("; ").len() < 4096, "{}", pairs.join("; ").len());
    }

    #[test]
    fn only_own_cookies_open_and_only_in_time() {
        let (secrets, keys) = fixture();
        let browser = secrets.begin(&keys, "", 1000, None, false).unwrap();
        let line = secrets.write(&keys, &browser, 1000).unwrap();
        let in_header = |header: &str, now| secrets.in_header(&keys, header, now).count();
        assert_eq!(in_header(cookie(&line), 1899), 1);
        assert_eq!(in_header(cookie(&line), 1900), 0, "too late");
        let (name, value) = cookie(&line).split_once('=').unwrap();
        let other = secrets.name((browser.slot + 1) % SLOTS);
        assert_eq!(in_header(&format!("{other}={value}"), 1000), 0, "renamed");
        assert_eq!(in_header(&format!("{name}0={value}"), 1000), 0, "a similar name");
        let elsewhere = BrowserSecrets::new(Attributes::for_host(true), 900, "issuer\nother");
        assert_eq!(elsewhere.in_header(&keys, cookie(&line), 1000).count(), 0, "another app");
    }

    #[test]
    fn a_flood_of_cookies_is_opened_up_to_a_bound() {
        let (secrets, keys) = fixture();
        let name = secrets.name(3);
        let flood = vec![format!("{name}=AAAA"); 10_000].join("; ");
        assert_eq!(secrets.cookies(&flood).count(), 10_000);
        assert_eq!(secrets.in_header(&keys, &flood, 0).count(), 0);
        assert_ne!(secrets.begin(&keys, &flood, 0, None, false).unwrap().slot, 3);
    }

    #[test]
    fn a_full_jar_gives_one_name_to_another_sign_in() {
        let (secrets, keys) = fixture();
        let jar: Vec<_> = (0..SLOTS).map(|slot| format!("{}=x", secrets.name(slot))).collect();
        assert!(secrets.begin(&keys, &jar.join("; "), 0, None, false).unwrap().slot < SLOTS);
    }

    #[test]
    fn a_sign_in_that_replaces_another_is_not_counted() {
        let (secrets, keys) = fixture();
        let first = secrets.begin(&keys, "", 0, None, true).unwrap();
        assert_eq!(first.in_progress, 1, "there was none to replace");
        let line = secrets.write(&keys, &first, 0).unwrap();
        let count = |replaces| {
            let browser = secrets.begin(&keys, cookie(&line), 10, None, replaces);
            browser.unwrap().in_progress
        };
        assert_eq!([true, false].map(count), [1, 2]);
    }

    #[test]
    fn the_one_name_that_is_left_is_given() {
        let (secrets, keys) = fixture();
        for left in 0..SLOTS {
            let taken = (0..SLOTS).filter(|slot| *slot != left);
            let jar: Vec<_> = taken.map(|slot| format!("{}=x", secrets.name(slot))).collect();
            let browser = secrets.begin(&keys, &jar.join("; "), 0, None, false);
            assert_eq!(browser.unwrap().slot, left);
        }
    }
}
