//! Someone who loads a page at every instance all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use logto_tests::Visitor;
use logto_tests::instances::Cluster;
use tokio::task::JoinSet;
use tokio::time::sleep;

const PAUSE: Duration = Duration::from_millis(40);

/// Ends with this value.
pub(crate) struct Watcher {
    _loading: JoinSet<()>,
    was_signed_out: Arc<AtomicBool>,
}

impl Watcher {
    pub(crate) fn start(cluster: &Cluster, visitor: &Visitor, path: &str) -> Self {
        let was_signed_out = Arc::new(AtomicBool::new(false));
        let mut loading = JoinSet::new();
        for url in cluster.urls(path) {
            let (visitor, was_signed_out) = (visitor.clone(), Arc::clone(&was_signed_out));
            loading.spawn(async move {
                loop {
                    // There is no answer of an instance that is gone.
                    if visitor.try_status(&url).await.is_ok_and(is_signed_out) {
                        was_signed_out.store(true, Ordering::Relaxed);
                    }
                    sleep(PAUSE).await;
                }
            });
        }
        Self { _loading: loading, was_signed_out }
    }

    pub(crate) fn was_signed_out(&self) -> bool {
        self.was_signed_out.load(Ordering::Relaxed)
    }
}

pub(crate) fn is_signed_out(status: u16) -> bool {
    matches!(status, 303 | 401)
}
