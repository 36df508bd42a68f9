//! One fault, and what became of the users.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use logto_tests::Visitor;
use logto_tests::instances::Cluster;
use tokio::time::sleep;

use crate::fault::{Fault, Leaving};
use crate::watcher::{Watcher, is_signed_out};

/// How long it may take until all is as before.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    /// Someone was signed out who did not sign out, or could not sign in again.
    pub(crate) lost: bool,
    /// Someone is signed in who signed out.
    pub(crate) stayed: bool,
    /// Refresh tokens that were sent again without need.
    pub(crate) repeated: usize,
    /// From the end of the fault until every instance served the user.
    pub(crate) until_normal: Duration,
}

impl Outcome {
    pub(crate) fn is_clean(&self) -> bool {
        !self.lost && !self.stayed && self.repeated == 0
    }
}

pub(crate) async fn run(cluster: &mut Cluster, fault: Fault, round: u32) -> Outcome {
    let mut at_logto = cluster.tenant.browser();
    let leaver = Visitor::new();
    cluster.sign_in(&leaver, &mut at_logto).await;
    let copy = leaver.copy(cluster.base_url());
    let mut leaving = Leaving { visitor: leaver, at_logto };
    let alice = cluster.with_an_ended_token().await;
    cluster.replaces_refresh_tokens();

    let watcher = Watcher::start(cluster, &alice, "/profile");
    fault.happen(cluster, &alice, &mut leaving, round).await;
    let over = Instant::now();
    let lost = loop {
        let statuses = statuses(cluster, &alice, "/profile").await;
        if statuses.iter().all(|status| *status == 200) {
            break watcher.was_signed_out();
        }
        if statuses.into_iter().any(is_signed_out) || over.elapsed() > PATIENCE {
            break true;
        }
        sleep(PAUSE).await;
    };
    let until_normal = over.elapsed();
    drop(watcher);
    let stayed = fault.ends_a_session() && !leaves(cluster, &copy).await;
    // At once, whatever the clocks say.
    let returned = cluster.signs_in(&leaving.visitor, &mut leaving.at_logto).await;
    let lost = lost || !returned;

    let refreshes = cluster.refreshes();
    let tokens = refreshes.iter().filter_map(|refresh| {
        // A refresh for an API sends the same token as long as Logto does not replace it.
        Some((refresh.param("refresh_token")?, refresh.param("resource")))
    });
    let different: HashSet<_> = tokens.clone().collect();
    let repeated = (tokens.count() - different.len()).saturating_sub(fault.repeats());
    Outcome { lost, stayed, repeated, until_normal }
}

/// Whether a session is over at every instance in the end.
async fn leaves(cluster: &Cluster, copy: &Visitor) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let statuses = statuses(cluster, copy, "/api/me").await;
        if statuses.iter().all(|status| *status == 401) {
            return true;
        }
        sleep(PAUSE).await;
    }
    false
}

/// At each instance, one after the other; 0 where none answers.
async fn statuses(cluster: &Cluster, visitor: &Visitor, path: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    for url in cluster.urls(path) {
        statuses.push(visitor.try_status(&url).await.unwrap_or_default());
    }
    statuses
}
