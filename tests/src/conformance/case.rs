//! A case: something to do with the app, and what has to come of it.

use futures::future::LocalBoxFuture;

use super::running_app::{RunningApp, Setup};

/// One named case. It is run against every adapter, and all have to answer alike.
pub struct Case {
    pub(super) name: String,
    pub(super) setup: Setup,
    pub(super) run: Box<dyn Run>,
}

impl Case {
    /// A case against the usual setup. `run` fails by panicking.
    pub fn new(
        name: impl Into<String>,
        run: impl AsyncFn(&RunningApp) + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), setup: Setup::default(), run: Box::new(run) }
    }

    /// What complaints call it, and excuses.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same against another setup.
    #[must_use]
    pub fn on(self, setup: Setup) -> Self {
        Self { setup, ..self }
    }
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Case")
            .field("name", &self.name)
            .field("setup", &self.setup)
            .finish_non_exhaustive()
    }
}

/// An async function of an app, whose future need not be `Send`.
pub(super) trait Run: Send + Sync {
    fn run<'a>(&'a self, app: &'a RunningApp) -> LocalBoxFuture<'a, ()>;
}

impl<F: AsyncFn(&RunningApp) + Send + Sync> Run for F {
    fn run<'a>(&'a self, app: &'a RunningApp) -> LocalBoxFuture<'a, ()> {
        Box::pin(self(app))
    }
}
