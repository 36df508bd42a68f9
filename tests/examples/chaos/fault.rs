//! What goes wrong while Logto keeps the answer to a refresh back.

use std::fmt;
use std::time::Duration;

use logto_local::Browser;
use logto_tests::Visitor;
use logto_tests::instances::Cluster;
use tokio::time::{Instant, sleep};

/// The instance that refreshes.
const FIRST: usize = 0;
/// For so long connections are cut before Logto's answer comes, and after it. A lease may get lost
/// on the way, and Logto takes a token that it has replaced for three seconds only.
const CUTTING: Duration = Duration::from_millis(1500);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    StoreKilled,
    StoreStopped,
    StoreFull,
    ConnectionsCut,
    /// So many milliseconds after Logto replaced the refresh token.
    InstanceKilled(u64),
    InstanceStopped,
    InstanceTerminated,
    SignOut,
    SignOutInOutage,
    Logout,
    LogoutInOutage,
}

/// Someone whose session ends during a fault: at the app, or at Logto.
pub(crate) struct Leaving {
    pub(crate) visitor: Visitor,
    pub(crate) at_logto: Browser,
}

impl Fault {
    pub(crate) const ALL: [Self; 14] = [
        Self::StoreKilled,
        Self::StoreStopped,
        Self::StoreFull,
        Self::ConnectionsCut,
        Self::InstanceKilled(0),
        Self::InstanceKilled(300),
        Self::InstanceKilled(800),
        Self::InstanceKilled(1300),
        Self::InstanceStopped,
        Self::InstanceTerminated,
        Self::SignOut,
        Self::SignOutInOutage,
        Self::Logout,
        Self::LogoutInOutage,
    ];

    /// Whether someone leaves.
    pub(crate) fn ends_a_session(self) -> bool {
        matches!(self, Self::SignOut | Self::SignOutInOutage | Self::Logout | Self::LogoutInOutage)
    }

    /// How often a refresh token has to be sent again: its answer is lost with the instance, or
    /// kept by one that stands still.
    pub(crate) fn repeats(self) -> usize {
        usize::from(matches!(self, Self::InstanceKilled(_) | Self::InstanceStopped))
    }

    /// From a refresh of the visitor whose answer is kept back to the end of the fault.
    pub(crate) async fn happen(
        self,
        cluster: &mut Cluster,
        visitor: &Visitor,
        leaving: &mut Leaving,
        round: u32,
    ) {
        let outage = Duration::from_millis(500) * (1 + round % 8);
        let refresh = cluster.refresh_without_answer(visitor).await;
        match self {
            Self::StoreKilled => {
                cluster.database.kill();
                answer(cluster);
                sleep(outage).await;
                cluster.database.start_again().await;
            }
            Self::StoreStopped => {
                cluster.database.pause();
                answer(cluster);
                sleep(outage).await;
                cluster.database.resume();
            }
            Self::StoreFull => {
                cluster.database.refuse();
                answer(cluster);
                sleep(outage).await;
                cluster.database.welcome();
            }
            Self::ConnectionsCut => {
                for half in 0..2 {
                    let end = Instant::now() + CUTTING;
                    while Instant::now() < end {
                        cluster.database.drop_connections();
                        sleep(Duration::from_millis(25)).await;
                    }
                    if half == 0 {
                        answer(cluster);
                    }
                }
            }
            Self::InstanceKilled(later) => {
                sleep(Duration::from_millis(later)).await;
                cluster.kill(FIRST);
                answer(cluster);
                cluster.start_instance(FIRST).await;
            }
            Self::InstanceStopped => {
                cluster.pause(FIRST);
                answer(cluster);
                sleep(outage).await;
                cluster.resume(FIRST);
            }
            Self::InstanceTerminated => {
                cluster.terminate(FIRST);
                sleep(Duration::from_millis(300)).await;
                answer(cluster);
                cluster.wait_for_end(FIRST).await;
                cluster.start_instance(FIRST).await;
            }
            Self::SignOut => {
                answer(cluster);
                cluster.sign_out(&leaving.visitor, round as usize % 3).await;
            }
            Self::SignOutInOutage => {
                answer(cluster);
                cluster.database.kill();
                cluster.sign_out(&leaving.visitor, 1).await;
                cluster.database.start_again().await;
            }
            Self::Logout => {
                answer(cluster);
                cluster.next_is(round as usize % 3);
                leave_logto(cluster, leaving).await;
            }
            Self::LogoutInOutage => {
                answer(cluster);
                cluster.database.kill();
                cluster.next_is(round as usize % 3);
                leave_logto(cluster, leaving).await;
                cluster.database.start_again().await;
            }
        }
        // Served or not: it may have been cut with its instance.
        drop(refresh.await);
    }
}

/// Lets Logto's answer come.
fn answer(cluster: &Cluster) {
    cluster.tenant.faults().clear();
}

async fn leave_logto(cluster: &Cluster, leaving: &mut Leaving) {
    let (endpoint, app) = (cluster.tenant.endpoint(), cluster.tenant.app_id());
    let end = format!("{endpoint}/oidc/session/end?client_id={app}");
    drop(leaving.at_logto.sign_out(&end).await);
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StoreKilled => f.write_str("store killed in a refresh"),
            Self::StoreStopped => f.write_str("store stopped in a refresh"),
            Self::StoreFull => f.write_str("store without room for connections"),
            Self::ConnectionsCut => f.write_str("connections to the store cut in a row"),
            Self::InstanceKilled(later) => {
                write!(f, "instance killed {later} ms after Logto rotated")
            }
            Self::InstanceStopped => f.write_str("instance stopped in a refresh"),
            Self::InstanceTerminated => f.write_str("SIGTERM in a refresh"),
            Self::SignOut => f.write_str("sign-out"),
            Self::SignOutInOutage => f.write_str("sign-out while the store is down"),
            Self::Logout => f.write_str("back-channel logout"),
            Self::LogoutInOutage => f.write_str("back-channel logout while the store is down"),
        }
    }
}
