//! [`RedisStorage`] and a real Redis, which is killed and started as needed.

use std::sync::Arc;
use std::time::Duration;

use logto::storage::{Entry, Expect, Storage, Version, test_kit};
use logto_redis::RedisStorage;
use logto_servers::{Redis, eventually, one_of_many_wins, soon};
use redis::aio::ConnectionManager;
use redis::{AsyncCommands, Client, TlsCertificates, cmd};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{advance, pause, resume, sleep};

const HOUR: Duration = Duration::from_secs(3600);

fn open(redis: &Redis) -> RedisStorage {
    RedisStorage::open(&redis.url()).unwrap()
}

async fn manager(redis: &Redis) -> ConnectionManager {
    let client = Client::open(redis.url()).unwrap();
    ConnectionManager::new(client).await.unwrap()
}

fn entry(version: i64) -> Entry {
    Entry::new("value", Version::from_number(version))
}

#[tokio::test]
async fn it_meets_the_requirements() {
    let redis = Redis::start().await;
    test_kit::check(&open(&redis)).await.unwrap();
    let given = RedisStorage::from_manager(manager(&redis).await);
    assert!(given.subscribe().await.unwrap().is_none());
    test_kit::check(&given).await.unwrap();
    let client = Client::open(format!("{}?protocol=resp3", redis.url())).unwrap();
    let given = given.with_subscriber(client);
    assert!(given.subscribe().await.unwrap().is_some());
    test_kit::check(&given).await.unwrap();
}

#[tokio::test]
async fn it_meets_the_requirements_over_tls() {
    let redis = Redis::start_with_tls().await;
    let authority = TlsCertificates { client_tls: None, root_cert: Some(redis.authority()) };
    let address = format!("{}?protocol=resp3", redis.url());
    let client = Client::build_with_tls(address, authority).unwrap();
    let manager = ConnectionManager::new(client.clone()).await.unwrap();
    let storage = RedisStorage::from_manager(manager).with_subscriber(client);
    assert!(storage.subscribe().await.unwrap().is_some());
    test_kit::check(&storage).await.unwrap();

    // An authority that this machine does not know.
    let error = soon("an error", open(&redis).ping()).await.unwrap_err();
    assert!(format!("{error:?}").contains("UnknownIssuer"), "{error:?}");
}

#[tokio::test]
async fn what_is_no_store_says_so() {
    let cluster = Redis::start_in_cluster().await;
    let sentinel = Redis::start_sentinel().await;
    let replica = Redis::start().await;
    let mut admin = manager(&replica).await;
    // Of a server that is not there, which makes no difference to those who write.
    let follow: String =
        cmd("REPLICAOF").arg(&["127.0.0.1", "1"]).query_async(&mut admin).await.unwrap();
    assert_eq!(follow, "OK");
    for (redis, said) in [
        (&cluster, "Redis Cluster is not supported"),
        (&sentinel, "not that of Redis Sentinel"),
        (&replica, "the server is a replica"),
    ] {
        let storage = open(redis);
        let put = soon("an error", storage.put("key", entry(1), Expect::Absent, HOUR)).await;
        let error = put.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// A managed Redis changes what its name leads to, and leaves the connections to the old server.
#[tokio::test]
async fn a_server_that_became_a_replica_is_left() {
    let (before, after) = (Redis::start().await, Redis::start().await);
    let (target, targets) = watch::channel(before.address());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let name = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let target = targets.borrow().clone();
            let mut server = TcpStream::connect(target).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut client, &mut server).await });
        }
    });
    let storage = RedisStorage::open(&format!("redis://{name}")).unwrap();
    assert!(storage.put("key", entry(1), Expect::Absent, HOUR).await.unwrap());

    target.send_replace(after.address());
    let mut admin = manager(&before).await;
    let follow = ["REPLICAOF", "127.0.0.1", "1"];
    cmd(follow[0]).arg(&follow[1..]).query_async::<()>(&mut admin).await.unwrap();
    eventually("the other server to be written to", async || {
        storage.put("later", entry(2), Expect::Absent, HOUR).await.ok()
    })
    .await;
    assert_eq!(open(&after).get(&["later"]).await.unwrap(), [Some(entry(2))]);
}

#[tokio::test]
async fn a_lost_subscription_says_so() {
    let mut redis = Redis::start().await;
    let storage = open(&redis);
    let mut subscription = storage.subscribe().await.unwrap().unwrap();
    redis.kill();
    soon("an error", subscription.next()).await.unwrap_err();
    assert!(storage.subscribe().await.is_err());
    redis.start_again().await;
    let mut subscription = storage.subscribe().await.unwrap().unwrap();
    let other = open(&redis).with_prefix("other:");
    other.announce("of another app").await.unwrap();
    storage.announce("ours").await.unwrap();
    assert_eq!(soon("a message", subscription.next()).await.unwrap(), "ours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_instances_one_wins() {
    let redis = Redis::start().await;
    let instances: Vec<_> = (0..4).map(|_| Arc::new(open(&redis))).collect();
    one_of_many_wins(&instances).await;
}

/// The connection remembers the error of a greeting, also while the instance has nothing to do.
#[tokio::test]
async fn the_first_call_after_a_refused_greeting_succeeds() {
    let redis = Redis::start().await;
    let mut admin = manager(&redis).await;
    let storage = open(&redis);
    storage.ping().await.unwrap();
    for password in ["secret", ""] {
        let set = ["SET", "requirepass", password];
        cmd("CONFIG").arg(&set).query_async::<()>(&mut admin).await.unwrap();
        if !password.is_empty() {
            cmd("AUTH").arg(password).query_async::<()>(&mut admin).await.unwrap();
            let others = ["KILL", "TYPE", "normal", "SKIPME", "yes"];
            cmd("CLIENT").arg(&others).query_async::<()>(&mut admin).await.unwrap();
            soon("an error", storage.ping()).await.unwrap_err();
        }
    }
    // A connection is kept for a second at least.
    pause();
    advance(Duration::from_secs(1)).await;
    resume();
    storage.ping().await.unwrap();
}

#[tokio::test]
async fn the_store_recovers_after_an_outage() {
    let mut redis = Redis::start().await;
    let storage = open(&redis);
    redis.kill();
    soon("an error", storage.ping()).await.unwrap_err();

    redis.start_again().await;
    let stored = storage.put("key", entry(1), Expect::Absent, HOUR).await;
    assert!(stored.unwrap(), "the first call after the outage");

    redis.kill();
    soon("an error", storage.get(&["key"])).await.unwrap_err();
    soon("an error", storage.remove("key", None)).await.unwrap_err();
    redis.start_again().await;
    assert_eq!(storage.get(&["key"]).await.unwrap(), [Some(entry(1))]);
}

/// The connection that was tried meanwhile has failed, which no one has been told yet.
#[tokio::test]
async fn the_first_call_after_a_silence_is_answered() {
    let redis = Redis::start().await;
    let address = redis.address();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let storage =
        RedisStorage::open(&format!("redis://{}", listener.local_addr().unwrap())).unwrap();
    let (cut, mut is_cut) = watch::channel(false);
    let (unanswered, mut waiting) = watch::channel(0);
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut client, _)) = listener.accept().await {
            if *is_cut.borrow_and_update() {
                held.push(client);
                unanswered.send_replace(held.len());
                continue;
            }
            let mut server = TcpStream::connect(&address).await.unwrap();
            let mut is_cut = is_cut.clone();
            tokio::spawn(async move {
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut server) => {}
                    _ = is_cut.changed() => {}
                }
            });
        }
    });
    storage.ping().await.unwrap();

    cut.send_replace(true);
    waiting.wait_for(|count| *count > 0).await.unwrap();
    pause();
    // No time passes in truth.
    sleep(Duration::from_secs(60)).await;
    resume();
    cut.send_replace(false);
    storage.ping().await.unwrap();
}

#[tokio::test]
async fn a_lost_connection_is_replaced_unnoticed() {
    let redis = Redis::start().await;
    let mut admin = manager(&redis).await;
    for storage in [open(&redis), RedisStorage::from_manager(manager(&redis).await)] {
        let key = "key";
        for version in 1..20 {
            let expect = match version {
                1 => Expect::Absent,
                _ => Expect::Version(Version::from_number(version - 1)),
            };
            let mut kill = cmd("CLIENT");
            kill.arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"][..]);
            let killed: usize = kill.query_async(&mut admin).await.unwrap();
            assert!(killed > 0 || version == 1, "there was no connection");
            let stored = storage.put(key, entry(version), expect, HOUR).await;
            assert!(stored.unwrap(), "version {version}");
        }
        storage.remove(key, None).await.unwrap();
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_can_be_repeated() {
    let redis = Redis::start().await;
    let storage = open(&redis);
    for expect in [Expect::Absent, Expect::Version(Version::from_number(1))] {
        let version = if expect == Expect::Absent { 1 } else { 2 };
        for _ in 0..2 {
            let stored = storage.put("key", entry(version), expect, HOUR).await;
            assert!(stored.unwrap());
        }
    }
}

#[tokio::test]
async fn keys_have_the_prefix_and_an_end() {
    let redis = Redis::start().await;
    let mut raw = manager(&redis).await;
    let (plain, other) = (open(&redis), open(&redis).with_prefix("other:"));
    for (storage, version) in [(&plain, 1), (&other, 2)] {
        let stored = storage.put("key", entry(version), Expect::Absent, HOUR);
        assert!(stored.await.unwrap(), "the other app's key is in the way");
    }
    let mut keys: Vec<String> = raw.keys("*").await.unwrap();
    keys.sort();
    assert_eq!(keys, ["logto:key", "other:key"]);
    let left: u64 = raw.pttl("logto:key").await.unwrap();
    assert!((3_590_000..=3_600_000).contains(&left), "{left} ms");

    let forever = plain.put("forever", entry(1), Expect::Absent, Duration::MAX);
    assert!(forever.await.unwrap());
    let over = plain.put("over", entry(1), Expect::Absent, Duration::ZERO);
    assert!(over.await.unwrap());
    eventually("no time to be over", async || {
        let found = plain.get(&["over"]).await.unwrap();
        found[0].is_none().then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_others_store_under_a_key_is_an_error() {
    let redis = Redis::start().await;
    let mut raw = manager(&redis).await;
    let storage = open(&redis);
    let _: () = raw.set("logto:short", "short").await.unwrap();
    let _: () = raw.rpush("logto:list", "longer than a version").await.unwrap();
    storage.get(&["short"]).await.unwrap_err();
    storage.get(&["list"]).await.unwrap_err();
    let put = storage.put("list", entry(1), Expect::Absent, HOUR).await;
    put.unwrap_err();
}

#[tokio::test]
async fn the_password_is_for_redis_alone() {
    let password = "correct-horse-battery-staple";
    let redis = Redis::start_with_password(password).await;
    let storage = open(&redis);
    storage.ping().await.unwrap();
    assert!(!format!("{storage:?}").contains(password));

    let wrong_password = "wrong-horse-battery-staple";
    let wrong = RedisStorage::open(&redis.url().replace(password, wrong_password)).unwrap();
    let error = soon("an error", wrong.ping()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(wrong_password));
    for url in [
        "redis://:correct-horse-battery-staple@localhost:port",
        "http://:correct-horse-battery-staple@localhost",
        "redis://:correct-horse-battery-staple@localhost/database",
        "correct-horse-battery-staple",
    ] {
        let error = RedisStorage::open(url).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(password), "{error}");
    }
}
