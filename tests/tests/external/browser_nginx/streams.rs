//! A stream of events opens at once and tells of a sign-out, though nginx buffers responses.

use logto_local::LocalTenant;
use logto_tests::{Example, ExampleApp, Nginx, Visitor, free_port, signs_in_at, soon};

#[tokio::test]
async fn a_stream_of_events_passes_nginx_at_once() {
    for example in Example::ALL {
        let (proxy, port) = (free_port(), free_port());
        let base_url = format!("http://localhost:{proxy}");
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.expect("a tenant");
        let mut environment = signs_in_at(&tenant).to_vec();
        let port_name = port.to_string();
        environment.push(("PORT", &port_name));
        let _app = ExampleApp::start_behind_proxy(example, &base_url, port, &environment).await;
        let _nginx = Nginx::start(proxy, port).await;

        let visitor = Visitor::new();
        let address = visitor.sent_to(&format!("{base_url}/sign-in")).await;
        let callback = tenant.sign_in(&address, "alice").await.expect("a sign-in");
        visitor.open(&callback).await;
        let events = format!("{base_url}/events");
        let mut stream =
            soon(&format!("{example:?} to open the stream"), visitor.get(&events)).await;
        assert_eq!(stream.status(), 200, "{example:?}");
        // The others send their first comment later, by themselves.
        if let Example::ActixWeb | Example::Poem = example {
            let first = soon("the first comment", stream.chunk()).await.expect("a chunk");
            assert_eq!(first.as_deref(), Some(&b":\n\n"[..]), "{example:?}");
        }

        // As browsers send it: nginx passes the request on as HTTP/1.0, where Actix Web wants a
        // length.
        let sign_out = visitor.post(&format!("{base_url}/sign-out")).header("content-length", "0");
        let answer = sign_out.header("origin", &base_url);
        assert_eq!(answer.send().await.expect("an answer").status(), 303, "{example:?}");
        let events = soon("the end of the stream", stream.text()).await.expect("events");
        let events = events.replace("event: ", "event:");
        assert!(events.contains("event:signed-out"), "{example:?}: {events}");
    }
}
