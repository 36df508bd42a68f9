//! The parts that all requests of an application share, and what they remember of work under way.

mod exchanges;
mod refreshes;
mod unknown_resources;
mod waiting;

use std::sync::Arc;

use super::frame::Frames;
use super::{SignInLoop, Transactions};
use crate::config::Settings;
use crate::cookies::Attributes;
use crate::crypto::seal::KeyRing;
use crate::error::{Error, FaultLog};
use crate::http::Http;
use crate::log_limit::LogLimit;
use crate::oidc::provider::Provider;
use crate::session::manager::SessionManager;
use crate::single_flight::SingleFlight;
use crate::tasks::Tasks;

pub(crate) use exchanges::{Completed, Exchange, Exchanges, Outcome, Redeemed};
pub(crate) use refreshes::{RefreshOutcome, Refreshes};
pub(crate) use unknown_resources::UnknownResources;
pub(crate) use waiting::{Deliveries, DeliveryPermit, WaitingLogouts};

/// The parts, put together once.
pub(crate) struct Engine {
    pub(crate) settings: Settings,
    pub(crate) http: Arc<Http>,
    pub(crate) provider: Arc<Provider>,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) sessions: SessionManager,
    pub(crate) transactions: Transactions,
    pub(crate) sign_in_loop: SignInLoop,
    /// Of browsers that were stopped, which anyone can claim to be.
    pub(crate) stopped_browsers: LogLimit,
    /// Of callbacks that no sign-in of theirs explains, which anyone can send.
    pub(crate) stray_callbacks: LogLimit,
    /// Where frames in pages of other sites get sessions.
    pub(crate) frames: Option<Frames>,
    pub(crate) refreshes: Refreshes,
    pub(crate) unknown_resources: UnknownResources,
    pub(crate) exchanges: Exchanges,
    pub(crate) tasks: Tasks,
    pub(crate) faults: FaultLog,
    /// Of back-channel logouts that Logto did not sign, which anyone can post.
    pub(crate) unsigned_logouts: LogLimit,
    /// Of those that it did sign.
    pub(crate) refused_logouts: LogLimit,
    pub(crate) waiting_logouts: WaitingLogouts,
    /// Of routes that the app does not serve, which anyone can ask for.
    pub(crate) missing_routes: LogLimit,
    /// Of webhooks that Logto did not sign, which anyone can post.
    pub(crate) unsigned_webhooks: LogLimit,
    /// Of those with a signature, but no body.
    pub(crate) unread_webhooks: LogLimit,
    /// Of those that it did sign.
    pub(crate) refused_webhooks: LogLimit,
    pub(crate) deliveries: Deliveries,
    /// Reads of users' tokens at other services, by connector and access token of the user.
    pub(crate) connector_reads: SingleFlight<String, Result<Arc<[u8]>, Error>>,
}

impl Engine {
    pub(crate) fn new(settings: Settings) -> Result<Self, Error> {
        let Settings { endpoint, app_id, app_secret, limits, .. } = &settings;
        let internal = settings.internal_endpoint.as_ref();
        let http = Arc::new(Http::new(endpoint, internal, app_id, app_secret, *limits)?);
        let context = format!("{}\n{}", settings.issuer, settings.app_id);
        let keys = Arc::new(KeyRing::new(&settings.cookie_secrets, &context)?);
        Ok(Self {
            provider: Arc::new(Provider::new(Arc::clone(&http), &settings.issuer, &settings.clock)),
            sessions: SessionManager::new(&settings, Arc::clone(&keys)),
            keys,
            sign_in_loop: SignInLoop::new(Attributes::for_host(settings.secure), &context),
            stopped_browsers: LogLimit::default(),
            stray_callbacks: LogLimit::default(),
            transactions: Transactions::new(
                Attributes::for_host(settings.secure),
                settings.sign_in_lifetime,
                &context,
            ),
            frames: settings.partitioned_cookies.then(|| Frames::new(&settings)),
            refreshes: Refreshes::default(),
            unknown_resources: UnknownResources::default(),
            exchanges: Exchanges::default(),
            tasks: Tasks::new(),
            faults: FaultLog::default(),
            unsigned_logouts: LogLimit::default(),
            refused_logouts: LogLimit::default(),
            waiting_logouts: WaitingLogouts::default(),
            missing_routes: LogLimit::default(),
            unsigned_webhooks: LogLimit::default(),
            unread_webhooks: LogLimit::default(),
            refused_webhooks: LogLimit::default(),
            deliveries: Deliveries::default(),
            connector_reads: SingleFlight::default(),
            http,
            settings,
        })
    }
}
