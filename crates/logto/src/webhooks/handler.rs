//! The app's handler of deliveries.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use super::Delivery;

type HandlerError = Box<dyn StdError + Send + Sync>;
type HandlerFuture = Pin<Box<dyn Future<Output = Result<(), HandlerError>> + Send>>;

/// The app's handler.
#[derive(Clone)]
pub(crate) struct WebhookHandler(Arc<dyn Fn(Delivery) -> HandlerFuture + Send + Sync>);

impl WebhookHandler {
    pub(crate) fn new<R>(handler: impl Fn(Delivery) -> R + Send + Sync + 'static) -> Self
    where
        R: Future<Output = Result<(), HandlerError>> + Send + 'static,
    {
        Self(Arc::new(move |delivery| Box::pin(handler(delivery))))
    }

    pub(crate) async fn call(&self, delivery: Delivery) -> Result<(), HandlerError> {
        (self.0)(delivery).await
    }
}

impl fmt::Debug for WebhookHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookHandler")
    }
}
