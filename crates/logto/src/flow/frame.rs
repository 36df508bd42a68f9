//! Handing a session over from a window to the frame that opened it.
//!
//! A frame in a page of another site has a cookie jar of its own, which nothing that happens in a
//! window can write. So the frame keeps a secret (its key), the window learns a hash of it (in
//! the frame request), and gives the frame a code that is sealed for that hash: only who has both
//! key and code gets the session, as with PKCE (RFC 7636). The code is sent from window to frame
//! inside the browser, never by address.

use crate::config::Settings;
use crate::cookies::{self, Attributes};
use crate::crypto::encoding;
use crate::crypto::seal::{KeyRing, Purpose};
use crate::error::Error;

/// What the seals of requests, codes and windows are bound to; no cookie can have these names.
const REQUEST: &str = "request=";
const CODE: &str = "code=";
/// Seconds that a frame may wait for its user to open the window.
const KEY_LIFETIME: u64 = 24 * 3600;
/// Seconds between the click that confirms and the frame that comes for the session.
const CODE_LIFETIME: u64 = 60;

/// The hash of a key.
pub(crate) type Challenge = [u8; 32];

/// The secret of a frame.
#[derive(Clone)]
pub(crate) struct FrameKey([u8; 32]);

impl FrameKey {
    pub(crate) fn challenge(&self) -> Challenge {
        encoding::sha256(&[b"frame", &self.0])
    }
}

/// What a window needs to know of the frame that opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FrameRequest {
    pub(crate) challenge: Challenge,
    /// The page that the frame is to show.
    pub(crate) return_to: String,
    /// The origin of the page around the frame, if the browser said it.
    pub(crate) embedder: Option<String>,
    /// The [options](super::SignInOptions::to_query) of the sign-in.
    pub(crate) options: String,
}

/// A session on the way to a frame.
pub(crate) struct Code {
    /// By which it is used once.
    pub(crate) id: String,
    pub(crate) return_to: String,
    /// The session's cookies, as the window sends them.
    pub(crate) cookies: String,
}

/// Writes and reads what frames and windows tell each other.
#[derive(Debug)]
pub(crate) struct Frames {
    key: String,
    key_attributes: Attributes,
    window: String,
    window_attributes: Attributes,
    window_lifetime: u64,
}

impl Frames {
    pub(crate) fn new(settings: &Settings) -> Self {
        let (key_attributes, window_attributes) =
            (Attributes::for_frame(), Attributes::for_host(settings.secure));
        Self {
            key: key_attributes.name(&format!("{}_key", settings.frame_cookie_name())),
            window: window_attributes.name(&format!("{}_window", settings.cookie_name)),
            key_attributes,
            window_attributes,
            window_lifetime: settings.sign_in_lifetime,
        }
    }

    /// The key of the frame that sent these cookies.
    pub(crate) fn key(&self, keys: &KeyRing, header: &str, now: u64) -> Option<FrameKey> {
        self.opened(keys, header, &self.key, now).map(FrameKey)
    }

    /// The key of the frame, or a new one, and the `Set-Cookie` line that makes the frame keep it.
    pub(crate) fn keep_key(
        &self,
        keys: &KeyRing,
        header: &str,
        now: u64,
    ) -> Result<(FrameKey, String), Error> {
        let key = match self.key(keys, header, now) {
            Some(key) => key,
            None => FrameKey(encoding::random()?),
        };
        let value = with_end(now.saturating_add(KEY_LIFETIME), &key.0);
        let sealed = keys.seal(Purpose::Frame, &self.key, value)?;
        let line = self.key_attributes.set(&self.key, &sealed, KEY_LIFETIME);
        Ok((key, line))
    }

    /// The `Set-Cookie` line with which a key has ended.
    pub(crate) fn forget_key(&self) -> String {
        self.key_attributes.remove(&self.key)
    }

    /// The `Set-Cookie` line that notes that this browser opened a window from the frame.
    pub(crate) fn note_window(
        &self,
        keys: &KeyRing,
        challenge: &Challenge,
        now: u64,
    ) -> Result<String, Error> {
        let value = with_end(now.saturating_add(self.window_lifetime), challenge);
        let sealed = keys.seal(Purpose::Frame, &self.window, value)?;
        Ok(self.window_attributes.set(&self.window, &sealed, self.window_lifetime))
    }

    /// Whether [this](Self::note_window) was noted for the frame.
    pub(crate) fn has_window(
        &self,
        keys: &KeyRing,
        challenge: &Challenge,
        header: &str,
        now: u64,
    ) -> bool {
        self.opened(keys, header, &self.window, now).is_some_and(|noted| noted == *challenge)
    }

    /// The `Set-Cookie` line with which the window has ended.
    pub(crate) fn forget_window(&self) -> String {
        self.window_attributes.remove(&self.window)
    }

    pub(crate) fn seal_request(
        keys: &KeyRing,
        request: &FrameRequest,
        now: u64,
    ) -> Result<String, Error> {
        let FrameRequest { challenge, return_to, embedder, options } = request;
        let lines = format!("{return_to}\n{}\n{options}", embedder.as_deref().unwrap_or_default());
        let value = [challenge.as_slice(), lines.as_bytes()].concat();
        keys.seal(Purpose::Frame, REQUEST, with_end(now.saturating_add(KEY_LIFETIME), &value))
    }

    pub(crate) fn open_request(keys: &KeyRing, sealed: &str, now: u64) -> Option<FrameRequest> {
        let value = keys.open(Purpose::Frame, REQUEST, sealed)?;
        let (challenge, lines) = before_end(&value, now)?.split_first_chunk()?;
        let mut lines = std::str::from_utf8(lines).ok()?.splitn(3, '\n').map(str::to_owned);
        Some(FrameRequest {
            challenge: *challenge,
            return_to: lines.next()?,
            embedder: lines.next().filter(|embedder| !embedder.is_empty()),
            options: lines.next()?,
        })
    }

    /// A code for the session in `cookies`, which only the frame of the request can use.
    pub(crate) fn seal_code(
        keys: &KeyRing,
        request: &FrameRequest,
        cookies: &str,
        now: u64,
    ) -> Result<String, Error> {
        let id: [u8; 16] = encoding::random()?;
        let lines = format!("{}\n{cookies}", request.return_to);
        let value = [request.challenge.as_slice(), &id, lines.as_bytes()].concat();
        keys.seal(Purpose::Frame, CODE, with_end(now.saturating_add(CODE_LIFETIME), &value))
    }

    /// Opens a code with the key of the frame that brings it.
    pub(crate) fn open_code(keys: &KeyRing, key: &FrameKey, code: &str, now: u64) -> Option<Code> {
        let value = keys.open(Purpose::Frame, CODE, code)?;
        let (challenge, rest) = before_end(&value, now)?.split_first_chunk::<32>()?;
        let (id, lines) = rest.split_first_chunk::<16>()?;
        let (return_to, cookies) = std::str::from_utf8(lines).ok()?.split_once('\n')?;
        (*challenge == key.challenge()).then(|| Code {
            id: encoding::encode(id),
            return_to: return_to.to_owned(),
            cookies: cookies.to_owned(),
        })
    }

    /// The first cookie of that name that opens and is not over.
    fn opened(&self, keys: &KeyRing, header: &str, name: &str, now: u64) -> Option<[u8; 32]> {
        let mut values = cookies::values(header.as_bytes(), name).take(MAX_OPENED);
        values.find_map(|sealed| {
            let value = keys.open(Purpose::Frame, name, sealed)?;
            before_end(&value, now)?.try_into().ok()
        })
    }
}

/// Cookies of one name that are opened at most.
const MAX_OPENED: usize = 4;

fn with_end(expires_at: u64, value: &[u8]) -> Vec<u8> {
    [&expires_at.to_le_bytes(), value].concat()
}

fn before_end(value: &[u8], now: u64) -> Option<&[u8]> {
    let (expires_at, value) = value.split_first_chunk()?;
    (now < u64::from_le_bytes(*expires_at)).then_some(value)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::LogtoConfig;

    fn fixture() -> (Frames, KeyRing) {
        let config = LogtoConfig::new("https://t.logto.app", "app", "secret")
            .with_base_url("https://me-app.hf.space")
            .with_cookie_secret("0123456789abcdef0123456789abcdef")
            .with_frame_ancestors(["https://huggingface.co"])
            .with_partitioned_cookies();
        let settings = Settings::validate(config).unwrap();
        (Frames::new(&settings), KeyRing::new(&[SecretString::from("secret")], "app").unwrap())
    }

    fn request(key: &FrameKey) -> FrameRequest {
        FrameRequest {
            challenge: key.challenge(),
            return_to: "/page?a=b".to_owned(),
            embedder: Some("https://huggingface.co".to_owned()),
            options: "prompt=login\nx=y".to_owned(),
        }
    }

    #[test]
    fn a_code_opens_for_its_frame_alone_and_only_in_time() {
        let (frames, keys) = fixture();
        let (key, line) = frames.keep_key(&keys, "", 1000).unwrap();
        assert!(line.starts_with("__Host-logto_app_frame_key="), "{line}");
        assert!(
            line.ends_with("; Path=/; Max-Age=86400; HttpOnly; SameSite=None; Secure; Partitioned")
        );
        let header = line.split(';').next().unwrap();
        let again = frames.key(&keys, header, 1000).unwrap();
        assert_eq!(again.challenge(), key.challenge());
        assert!(frames.key(&keys, header, 1000 + KEY_LIFETIME).is_none());

        let code = Frames::seal_code(&keys, &request(&key), "a=b; c=d", 1000).unwrap();
        let opened = Frames::open_code(&keys, &key, &code, 1059).unwrap();
        assert_eq!((opened.return_to.as_str(), opened.cookies.as_str()), ("/page?a=b", "a=b; c=d"));
        assert!(Frames::open_code(&keys, &key, &code, 1060).is_none(), "too late");
        let (other, _) = frames.keep_key(&keys, "", 1000).unwrap();
        assert!(Frames::open_code(&keys, &other, &code, 1000).is_none(), "another frame");
    }

    #[test]
    fn a_request_is_no_code_and_a_window_belongs_to_one_frame() {
        let (frames, keys) = fixture();
        let (key, line) = frames.keep_key(&keys, "", 1000).unwrap();
        let sealed = Frames::seal_request(&keys, &request(&key), 1000).unwrap();
        assert_eq!(Frames::open_request(&keys, &sealed, 1000), Some(request(&key)));
        assert!(Frames::open_request(&keys, &sealed, 1000 + KEY_LIFETIME).is_none());
        assert!(Frames::open_code(&keys, &key, &sealed, 1000).is_none());

        let noted = frames.note_window(&keys, &key.challenge(), 1000).unwrap();
        assert!(noted.contains("SameSite=Lax; Secure"), "{noted}");
        let header = noted.split(';').next().unwrap();
        assert!(frames.has_window(&keys, &key.challenge(), header, 1899));
        assert!(!frames.has_window(&keys, &key.challenge(), header, 1900), "too late");
        assert!(!frames.has_window(&keys, &[0; 32], header, 1000), "another frame");
        let renamed = line.replace("_frame_key", "_window");
        assert!(!frames.has_window(&keys, &key.challenge(), &renamed, 1000), "a key is no note");
    }
}
