//! The browser's side of sessions: which cookie is read, and what is written into it.

use std::sync::Arc;

use super::{LoadedSession, SessionBackend};
use crate::config::Settings;
use crate::cookies::{self, Attributes};
use crate::error::{Error, ErrorKind};
use crate::session::{Content, Sealed, Sealer, Session, SessionCookie, SessionPointer};

/// The session cookies of one application.
#[derive(Debug)]
pub(super) struct SessionCookies {
    usual: SessionCookie,
    /// Of frames in pages of other sites, where the app allows them.
    of_frame: Option<SessionCookie>,
    /// The usual cookie as an app with another scheme, domain or path names it. Only a sign-out
    /// looks for it.
    former: Vec<SessionCookie>,
}

impl SessionCookies {
    /// `attributes` are of the usual cookie.
    pub(super) fn new(settings: &Settings, attributes: Attributes, sealer: Arc<Sealer>) -> Self {
        let usual = SessionCookie::new(attributes, settings.cookie_budget, sealer);
        let of_frame =
            settings.partitioned_cookies.then(|| usual.in_frame(&settings.frame_cookie_name()));
        let names = Attributes::all_names(&settings.cookie_name);
        let others = names.into_iter().filter(|(name, _)| name != usual.name());
        let former = others.map(|(name, attributes)| usual.renamed(name, attributes)).collect();
        Self { usual, of_frame, former }
    }

    /// The session cookie of the jar that `header` comes from.
    pub(super) fn in_jar(&self, header: &[u8]) -> &SessionCookie {
        self.used_of_frame(header).unwrap_or(&self.usual)
    }

    /// Whether the cookies come from a frame in a page of another site: a jar of its own, whose
    /// cookies are not `SameSite=Lax`.
    pub(super) fn are_of_frame(&self, header: &[u8]) -> bool {
        self.used_of_frame(header).is_some()
    }

    /// The cookie for frames, if it counts. The usual one does not reach a frame of another site;
    /// where it comes along, it counts.
    fn used_of_frame(&self, header: &[u8]) -> Option<&SessionCookie> {
        let of_frame = self.of_frame.as_ref()?;
        // The name of a frame's key, which comes before its session, begins alike.
        let is_of_frame = cookies::starting_with(header, of_frame.name()).next().is_some()
            && cookies::values(header, self.usual.name()).next().is_none();
        is_of_frame.then_some(of_frame)
    }

    /// What is in a cookie, whichever it was read from: both are sealed for the same name.
    pub(super) fn open(&self, sealed: &Sealed<'_>) -> Option<Content> {
        self.usual.open(sealed)
    }

    /// The `Set-Cookie` lines that make the browser keep the session for `max_age` seconds. Where
    /// the cookies would be too large its access tokens are left out, the oldest first: they can
    /// be had again. Where the claims alone are too large, the cookie points to what the store has.
    pub(super) fn write(
        &self,
        loaded: &LoadedSession,
        header: &str,
        max_age: u64,
    ) -> Result<Vec<String>, Error> {
        let cookie = self.in_jar(header.as_bytes());
        if loaded.backend == SessionBackend::Store || !self.fit(&loaded.session) {
            return cookie.write_pointer(&SessionPointer::from(loaded), header, max_age);
        }
        let write = |session: &Session| cookie.write(session, header, max_age);
        let all = write(&loaded.session);
        if !is_too_large(&all) {
            return all;
        }
        let with_newest = |count| write(&loaded.session.with_newest_tokens(count));
        let tokens = &loaded.session.grant.tokens().access;
        // The most that fit, in few attempts: packing hundreds of tokens takes time.
        let (mut fits, mut too_many) = (0, tokens.len());
        while fits + 1 < too_many {
            let half = usize::midpoint(fits, too_many);
            match is_too_large(&with_newest(half)) {
                true => too_many = half,
                false => fits = half,
            }
        }
        with_newest(fits)
    }

    /// The `Set-Cookie` lines that end the session in this browser.
    pub(super) fn remove(&self, header: &str) -> Vec<String> {
        self.in_jar(header.as_bytes()).remove(header)
    }

    /// What is in cookies that had another name when they were set, and the `Set-Cookie` lines that
    /// remove those of this host.
    pub(super) fn former(&self, header: &str) -> (Vec<Content>, Vec<String>) {
        let (mut contents, mut removals) = (Vec::new(), Vec::new());
        for cookie in &self.former {
            let opened = |from: &SessionCookie| -> Vec<Content> {
                let sealed = from.candidates(header.as_bytes()).flatten();
                sealed.filter_map(|sealed| cookie.open(&sealed)).collect()
            };
            let found = opened(cookie);
            // A cookie that does not open is of another app. One with the prefix `__Secure-` has a
            // domain or a path, which are not known here.
            if !found.is_empty() && !cookie.name().starts_with("__Secure-") {
                removals.extend(cookie.remove(header));
            }
            contents.extend(found);
            // That of a frame is sealed for the name of the usual one.
            contents.extend(self.of_frame.iter().flat_map(opened));
        }
        (contents, removals)
    }

    /// Whether the session's claims and refresh token fit into the cookie budget.
    pub(super) fn fit(&self, session: &Session) -> bool {
        let bare = session.with_newest_tokens(0);
        !is_too_large(&self.usual.write(&bare, "", 0))
    }
}

impl From<&LoadedSession> for SessionPointer {
    fn from(loaded: &LoadedSession) -> Self {
        Self {
            id: loaded.session.id,
            started_at: loaded.session.started_at,
            known_marker: loaded.session.known_marker,
            sub: loaded.sub().to_owned(),
            sid: loaded.sid().map(str::to_owned),
        }
    }
}

fn is_too_large<T>(written: &Result<T, Error>) -> bool {
    let error = written.as_ref().err();
    error.is_some_and(|error| error.kind() == ErrorKind::SessionTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogtoConfig;
    use crate::crypto::encoding;
    use crate::crypto::seal::KeyRing;
    use crate::oidc::Target;
    use crate::session::manager::SessionManager;
    use crate::session::manager::fixture::{loaded, manager};
    use crate::session::{Grant, StoredToken, StoredTokens};
    use crate::storage::MemoryStorage;

    /// Where the usual cookie comes along, or none at all, it is no frame of another site.
    #[test]
    fn a_frame_is_told_by_its_cookies() {
        let config = LogtoConfig::new("https://t.logto.app", "app", "secret")
            .with_base_url("https://me-app.hf.space")
            .with_cookie_secret("0123456789abcdef0123456789abcdef")
            .with_frame_ancestors(["https://huggingface.co"])
            .with_partitioned_cookies();
        let settings = Settings::validate(config).unwrap();
        let keys = KeyRing::new(&settings.cookie_secrets, "context").unwrap();
        let manager = SessionManager::new(&settings, keys.into());
        let removal = manager.no_cookies("").remove(0);
        let (usual, _) = removal.split_once('=').unwrap();
        let frame = Attributes::for_frame().name(&settings.frame_cookie_name());
        for (header, is_of_frame) in [
            (String::new(), false),
            (format!("{usual}=x"), false),
            (format!("{frame}=x"), true),
            (format!("{frame}_key=x"), true),
            (format!("{frame}=x; {usual}=x"), false),
        ] {
            assert_eq!(manager.is_in_frame(header.as_bytes()), is_of_frame, "{header}");
        }
    }

    #[tokio::test]
    async fn as_many_tokens_are_kept_as_fit() {
        const NOW: u64 = 1_795_342_500;
        let manager = manager(Arc::new(MemoryStorage::new()));
        let mut loaded = loaded(NOW);
        let access = (0..20).map(|n| StoredToken {
            target: Target { resource: Some(format!("https://{n}.example")), ..Target::default() },
            token: encoding::encode(encoding::random::<700>().unwrap()),
            scope: String::new(),
            expires_at: NOW + 3600,
            lifetime: 3600,
        });
        let tokens = StoredTokens { access: access.collect(), ..StoredTokens::default() };
        let claims = Arc::clone(loaded.session.grant.claims());
        loaded.session.grant = Grant::new(claims, tokens);
        let lines = manager.cookies(&loaded, "", NOW).unwrap();
        let pairs: Vec<_> = lines.iter().filter_map(|line| line.split(';').next()).collect();
        let lookup = manager.load(pairs.join("; ").as_bytes(), NOW).await.unwrap();
        let kept = lookup.loaded.unwrap().session.grant.tokens().access.len();
        assert!((1..20).contains(&kept), "{kept}");
        let one_more = loaded.session.with_newest_tokens(kept + 1);
        assert!(is_too_large(&manager.cookies.usual.write(&one_more, "", 60)));
    }
}
