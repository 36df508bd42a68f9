//! The same sign-in once more, in place of one that failed for a reason that another one does not
//! have.

use super::engine::Engine;
use super::{CallbackFailure, Intent, Previous, Resources, SignInOptions, Transaction};
use crate::log_limit::limited;

impl Engine {
    /// The sign-in to begin in place of one that failed; `None` if that would not help.
    pub(crate) async fn sign_in_again<'a>(
        &self,
        failure: &'a CallbackFailure,
        origin: &str,
    ) -> Option<(SignInOptions, Previous<'a>)> {
        if let Some(refused) = failure.for_a_resource() {
            return Some((self.without_unknown(refused, origin).await, Previous::Refused(refused)));
        }
        if let Some(silent) = failure.for_consent() {
            let options = SignInOptions {
                is_silent: false,
                is_after_silent: true,
                ..silent.intent.options()
            };
            return Some((options, Previous::Refused(silent)));
        }
        // Another tab took its cookie; a second time it would be taken again.
        let displaced = failure.displaced.as_ref().filter(|intent| !intent.restarted);
        displaced.map(Intent::options).map(|options| (options, Previous::Displaced))
    }

    /// The same options without the API resources that Logto does not know: they must not lock
    /// users out. Without any if that was tried before, or if it cannot be told which they
    /// are.
    async fn without_unknown(&self, refused: &Transaction, origin: &str) -> SignInOptions {
        let before = refused.intent.options();
        let redirect_uri = self.redirect_uri(origin, refused);
        let resources = match before.resources {
            Resources::All if self.find_unknown_resources(&redirect_uri).await => Resources::Tried,
            _ => {
                let resources = &self.settings.resources;
                limited!(
                    error,
                    ?resources,
                    "Logto does not know one of the API resources; a user signs in without any"
                );
                Resources::None
            }
        };
        SignInOptions { resources, ..before }
    }
}
