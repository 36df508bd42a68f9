//! What operators count.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use logto::TokenRequest;
use logto::resource_server::ApiConfig;
use logto_tests::hostile::{Answer, Backend, Endpoint, Fixture, Trouble};
use metrics::{
    Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    set_default_local_recorder,
};

/// Counts by name and labels. Of a histogram it counts the values.
#[derive(Default)]
struct Counts(Mutex<BTreeMap<String, Arc<Count>>>);

#[derive(Default)]
struct Count(AtomicU64);

impl HistogramFn for Count {
    fn record(&self, seconds: f64) {
        assert!((0.0..60.0).contains(&seconds), "{seconds} s");
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counts {
    fn of(&self, key: &Key) -> Arc<Count> {
        let labels: Vec<_> = key.labels().map(|l| format!("{}={}", l.key(), l.value())).collect();
        let name = format!("{} {}", key.name(), labels.join(" ")).trim_end().to_owned();
        Arc::clone(self.0.lock().unwrap().entry(name).or_default())
    }

    /// What was counted since the last time.
    fn take(&self) -> Vec<(String, u64)> {
        let counts = std::mem::take(&mut *self.0.lock().unwrap());
        counts.into_iter().map(|(name, count)| (name, count.0.load(Ordering::SeqCst))).collect()
    }
}

impl Recorder for Counts {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let count = self.of(key);
        count.0.fetch_add(1, Ordering::SeqCst);
        Counter::noop()
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.of(key).0.fetch_add(1, Ordering::SeqCst);
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.of(key))
    }
}

fn counted<const N: usize>(names: [&str; N]) -> Vec<(String, u64)> {
    names.map(|name| (name.to_owned(), 1)).to_vec()
}

#[tokio::test]
async fn everything_that_matters_is_counted_once() {
    let counts = Counts::default();
    let _recorder = set_default_local_recorder(&counts);
    let mut fixture = Fixture::lives(Backend::Store).await;
    let sign_in = counted([
        "logto.request.duration endpoint=discovery status=2xx",
        "logto.request.duration endpoint=jwks status=2xx",
        "logto.request.duration endpoint=token status=2xx",
        "logto.sign_ins outcome=signed_in",
    ]);
    assert_eq!(counts.take(), sign_in);

    fixture.open("/callback").await;
    assert_eq!(counts.take(), counted(["logto.sign_ins outcome=cancelled"]));

    let token = TokenRequest::resource("https://a.example");
    fixture.page().access_token(token.clone()).await.unwrap();
    let refresh = counted([
        "logto.refreshes outcome=refreshed",
        "logto.request.duration endpoint=token status=2xx",
    ]);
    assert_eq!(counts.take(), refresh);
    fixture.page().access_token(token).await.unwrap();
    assert_eq!(counts.take(), [], "what is known costs nothing");

    fixture.provider.bend(Endpoint::Token, |_, _| Answer::text(503, ""));
    let other = TokenRequest::resource("https://b.example");
    fixture.page().access_token(other).await.unwrap_err();
    let outage = counted([
        "logto.refreshes outcome=unreachable",
        "logto.request.duration endpoint=token status=5xx",
    ]);
    assert_eq!(counts.take(), outage);

    let api = fixture.logto.api(ApiConfig::new("https://a.example")).unwrap();
    api.verify("not.a.token").await.unwrap_err();
    assert_eq!(counts.take(), counted(["logto.verifications outcome=invalid_token"]));

    fixture.store.fail_with(Trouble::Hangs);
    assert!(fixture.page().user().await.is_err());
    assert_eq!(counts.take(), counted(["logto.store.duration operation=get outcome=timeout"]));
}
