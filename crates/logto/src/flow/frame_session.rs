//! The session of a window, given to its frame.

use super::engine::Engine;
use super::frame::{FrameKey, FrameRequest, Frames};
use crate::crypto::encoding;
use crate::error::Error;
use crate::session::manager::LoadedSession;

impl Engine {
    /// A code for the session, which only the frame of the request can redeem.
    pub(crate) fn frame_code(
        &self,
        request: &FrameRequest,
        loaded: &LoadedSession,
    ) -> Result<String, Error> {
        let now = self.settings.clock.now();
        let lines = self.sessions.cookies(loaded, "", now)?;
        let pairs = lines.iter().filter_map(|line| line.split(';').next());
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        Frames::seal_code(&self.keys, request, &cookies, now)
    }

    /// The page and the session that a code stands for, once.
    pub(crate) async fn redeem_frame_code(
        &self,
        key: &FrameKey,
        code: &str,
    ) -> Result<Option<(String, LoadedSession)>, Error> {
        let now = self.settings.clock.now();
        let Some(code) = Frames::open_code(&self.keys, key, code, now) else {
            return Ok(None);
        };
        let owner = encoding::random::<16>()?;
        let seconds = self.settings.sign_in_lifetime;
        if self.sessions.replay_guards.claim_callback(&code.id, &owner, seconds).await?.is_none() {
            return Ok(None);
        }
        let lookup = self.sessions.load(code.cookies.as_bytes(), now).await?;
        Ok(lookup.loaded.map(|loaded| (code.return_to, loaded)))
    }
}
