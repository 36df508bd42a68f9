//! One line in the log for each call of someone who acts for another user.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::ask::Ask;
use crate::fixture::Fixture;

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn take(&self) -> Vec<String> {
        let text = std::mem::take(&mut *self.0.lock().expect("the log"));
        let text = String::from_utf8(text).expect("text");
        text.lines().filter(|line| line.contains("delegated")).map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn each_delegated_call_is_one_line_with_actor_and_subject() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::INFO)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    for fixture in [Fixture::new().await, Fixture::of_poem().await] {
        let delegated = fixture.delegated(json!({ "sub": "frank" })).await;
        let session = fixture.session(&delegated).await;
        assert_eq!(log.take().len(), 2, "`initialize` and `notifications/initialized`");

        let call = |tool: &str| Ask::legacy("tools/call", json!({ "name": tool, "arguments": {} }));
        let allowed = call("for_others").session(&session).token(&delegated);
        assert_eq!(fixture.see(allowed).await.status, 200);
        let lines = log.take();
        let [line] = &lines[..] else { panic!("{lines:?}") };
        for part in [
            "INFO",
            "delegated MCP request accepted",
            "actor=\"frank\"",
            &format!("subject=\"{}\"", fixture.id("alice")),
            "depth=1",
            "method=\"tools/call\"",
            "name=\"for_others\"",
        ] {
            assert!(line.contains(part), "{part}: {line}");
        }

        let refused = call("read_notes").session(&session).token(&delegated);
        assert_eq!(fixture.see(refused).await.status, 403);
        assert_eq!(log.take(), [""; 0]);

        let her_own = fixture.token("alice", "read:notes").await;
        let list = Ask::legacy("tools/list", Value::Null).session(&fixture.session(&her_own).await);
        assert_eq!(fixture.see(list.token(&her_own)).await.status, 200);
        assert_eq!(log.take(), [""; 0]);
    }
}
