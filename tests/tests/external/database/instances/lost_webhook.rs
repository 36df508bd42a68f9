//! Logto tells of a suspension when no instance runs, and never again: the app has to ask.

use std::sync::Arc;
use std::time::Duration;

use logto::storage::Storage;
use logto::{Logto, LogtoConfig};
use logto_management::{Management, UserEnd};
use logto_redis::RedisStorage;
use logto_sqlx::PostgresStorage;
use logto_tests::instances::{Cluster, Database, with_each_database};
use logto_tests::{Visitor, eventually, signs_in_at};
use sqlx::PgPool;

use super::statuses;

/// The same app without its pages: a job that runs once, as the guide has it.
async fn job(cluster: &Cluster) -> Logto {
    let url = cluster.database.url();
    let storage: Arc<dyn Storage> = match cluster.database {
        Database::Redis(_) => Arc::new(RedisStorage::open(&url).unwrap()),
        _ => Arc::new(PostgresStorage::new(PgPool::connect(&url).await.unwrap())),
    };
    let variables = signs_in_at(&cluster.tenant);
    let config = LogtoConfig::from_variables(|wanted| match wanted {
        "BASE_URL" => Some(cluster.base_url().to_owned()),
        _ => variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).into()),
    });
    Logto::new(config.unwrap().with_storage(storage)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn reconciliation_ends_the_sessions_of_a_user_whose_webhook_was_lost() {
    with_each_database(async |database| {
        let mut cluster = Cluster::start_with_webhooks(database).await;
        let alice = Visitor::new();
        cluster.sign_in(&alice, &mut cluster.tenant.browser()).await;
        let machine = cluster.tenant.machine_app();
        let management =
            Management::new(cluster.tenant.endpoint(), &machine.app_id, &machine.app_secret);
        let management = management.unwrap();
        let users = cluster.tenant.users();
        let id = users.iter().find(|user| user.handle() == "alice").unwrap().id();

        for instance in 0..3 {
            cluster.kill(instance);
        }
        management.users().set_suspended(id, true).await.unwrap();
        let hooks = management.hooks().list().all().await.unwrap();
        eventually("the delivery to fail", async || {
            let deliveries = management.hooks().deliveries(&hooks[0].id).all().await.unwrap();
            let mut suspended = deliveries
                .iter()
                .filter(|delivery| delivery.event() == Some("User.SuspensionStatus.Updated"));
            suspended.any(|delivery| !delivery.is_success()).then_some(())
        })
        .await;
        for instance in 0..3 {
            cluster.start_instance(instance).await;
        }
        assert_eq!(statuses(&cluster, &alice, "/api/me").await, [200; 3], "no one has told them");

        let logto = job(&cluster).await;
        let ended = management.users().find_ended([id]).await.unwrap();
        let found: Vec<_> = ended.iter().map(|user| (user.id.as_str(), user.end)).collect();
        assert_eq!(found, [(id, UserEnd::Suspended)]);
        for user in &ended {
            logto.sign_out_everywhere(&user.id).await.unwrap();
        }
        assert_eq!(logto.drain(Duration::from_secs(30)).await, 0);
        assert_eq!(statuses(&cluster, &alice, "/api/me").await, [401; 3]);
    })
    .await;
}
