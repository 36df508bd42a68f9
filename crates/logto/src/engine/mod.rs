//! What all requests of an application share.

mod tokens;

use std::sync::Arc;

use crate::config::Settings;
use crate::cookies::Attributes;
use crate::error::Error;
use crate::flow::{Spent, Transactions};
use crate::http::Http;
use crate::provider::Provider;
use crate::refresh::Refreshes;
use crate::seal::KeyRing;
use crate::session::{Packer, SessionCookie};

/// The parts, put together once.
pub(crate) struct Engine {
    pub(crate) settings: Settings,
    pub(crate) http: Arc<Http>,
    pub(crate) provider: Arc<Provider>,
    pub(crate) keys: KeyRing,
    pub(crate) session_cookie: SessionCookie,
    pub(crate) transactions: Transactions,
    pub(crate) spent: Spent,
    pub(crate) refreshes: Refreshes,
}

impl Engine {
    pub(crate) fn new(settings: Settings) -> Result<Self, Error> {
        let attributes = Attributes {
            secure: settings.secure,
        };
        let http = Arc::new(Http::new(
            &settings.endpoint,
            &settings.app_id,
            &settings.app_secret,
            settings.limits,
        )?);
        let context = format!("{}\n{}", settings.issuer, settings.app_id);
        Ok(Self {
            provider: Arc::new(Provider::new(
                Arc::clone(&http),
                &settings.issuer,
                &settings.clock,
            )),
            keys: KeyRing::new(&settings.cookie_secrets, &context)?,
            session_cookie: SessionCookie::new(
                &settings.cookie_name,
                attributes.clone(),
                settings.session_lifetime,
                settings.cookie_budget,
                Packer::new(&settings.issuer, &settings.app_id),
            ),
            transactions: Transactions::new(attributes, settings.sign_in_lifetime),
            spent: Spent::default(),
            refreshes: Refreshes::new(settings.clock.clone()),
            http,
            settings,
        })
    }
}
