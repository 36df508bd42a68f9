//! Pages of the example apps that the SDK has no part in.

use logto_local::LocalTenant;
use logto_tests::{Example, ExampleApp, Visitor, free_base_url, signs_in_at};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

#[tokio::test]
async fn an_unknown_address_has_a_page_with_a_way_back() {
    for example in Example::ALL {
        let base_url = free_base_url();
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.unwrap();
        let _app = ExampleApp::start(example, &base_url, &signs_in_at(&tenant)).await;
        let page = Visitor::new().open(&format!("{base_url}/no/such/page")).await;
        assert_eq!(page.status(), 404, "{example:?}");
        let kind = page.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(kind.starts_with("text/html"), "{example:?}: {kind}");
        let page = page.text().await.unwrap();
        assert!(page.contains(r#"id="home" href="/""#), "{example:?}: {page}");
    }
}

#[tokio::test]
async fn things_are_shown_in_a_sentence_when_a_proxy_has_the_port_of_the_base_url() {
    for example in Example::ALL {
        let (base_url, behind) = (free_base_url(), free_base_url());
        let (front_port, port) = (port_of(&base_url), port_of(&behind));
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.unwrap();
        let port_text = port.to_string();
        let mut variables = signs_in_at(&tenant).to_vec();
        variables.push(("PORT", &port_text));
        let _app = ExampleApp::start_behind_proxy(example, &base_url, port, &variables).await;
        let front = TcpListener::bind(("127.0.0.1", front_port)).await.unwrap();
        let proxy = tokio::spawn(pass_on(front, port));

        let visitor = Visitor::new();
        let address = visitor.sent_to(&format!("{base_url}/sign-in")).await;
        visitor.open(&tenant.sign_in(&address, "alice").await.unwrap()).await;
        let page = visitor.open(&format!("{base_url}/things")).await;
        assert_eq!(page.status(), 200, "{example:?}");
        let page = page.text().await.unwrap();
        assert!(page.contains("You have a lamp and a chair."), "{example:?}: {page}");
        proxy.abort();
    }
}

#[tokio::test]
async fn the_page_of_sessions_ends_all_others_and_only_for_its_own_site() {
    for example in Example::ALL {
        let base_url = free_base_url();
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.unwrap();
        let mut variables = signs_in_at(&tenant).to_vec();
        variables.push(("STORAGE", "memory"));
        let _app = ExampleApp::start(example, &base_url, &variables).await;
        let [one, other] = [Visitor::new(), Visitor::new()];
        for visitor in [&one, &other] {
            let address = visitor.sent_to(&format!("{base_url}/sign-in")).await;
            visitor.open(&tenant.sign_in(&address, "alice").await.unwrap()).await;
        }
        let page = one.open(&format!("{base_url}/sessions")).await.text().await.unwrap();
        assert_eq!(page.matches(r#"class="session""#).count(), 2, "{example:?}: {page}");
        assert_eq!(page.matches("This one").count(), 1, "{example:?}: {page}");

        let (end, me) = (format!("{base_url}/sessions/end-others"), format!("{base_url}/api/me"));
        for (origin, status, left) in
            [("https://evil.example", 403, 200), (base_url.as_str(), 303, 401)]
        {
            let answer = one.post(&end).header("origin", origin).send().await.unwrap();
            assert_eq!(answer.status(), status, "{example:?}, {origin}");
            assert_eq!(other.status(&me).await, left, "{example:?}, {origin}");
            assert_eq!(one.status(&me).await, 200, "{example:?}, {origin}");
        }
    }
}

#[tokio::test]
async fn sessions_at_logto_are_shown_to_who_enters_a_code() {
    for example in Example::ALL {
        let base_url = free_base_url();
        let tenant = LocalTenant::builder().base_url(&base_url).account_center(true);
        let tenant = tenant.start().await.unwrap();
        let _app = ExampleApp::start(example, &base_url, &signs_in_at(&tenant)).await;
        let visitor = Visitor::new();
        let address = visitor.sent_to(&format!("{base_url}/sign-in")).await;
        visitor.open(&tenant.sign_in(&address, "alice").await.unwrap()).await;
        let page = visitor.open(&format!("{base_url}/sessions")).await.text().await.unwrap();
        assert!(page.contains("mails to alice@example.test"), "{example:?}: {page}");

        let address = format!("{base_url}/sessions/logto");
        let post = async |origin: &str, form: &[(&str, &str)]| {
            let answer = visitor.post(&address).header("origin", origin).form(form);
            let answer = answer.send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        };
        let send = [("step", "send")];
        assert_eq!(post("https://evil.example", &send).await.0, 403, "{example:?}");
        assert_eq!(tenant.verification_code("alice@example.test"), None, "{example:?}");
        let (_, page) = post(&base_url, &send).await;
        let sent = hidden(&page, "sent");
        let (_, page) = post(&base_url, &[("step", "code"), ("sent", &sent), ("code", "x")]).await;
        assert!(page.contains("This code is wrong"), "{example:?}: {page}");
        let code = tenant.verification_code("alice@example.test").unwrap();
        let form = [("step", "code"), ("sent", sent.as_str()), ("code", &code)];
        let (status, page) = post(&base_url, &form).await;
        assert_eq!(status, 200, "{example:?}: {page}");
        assert_eq!(page.matches("This one").count(), 1, "{example:?}: {page}");
        let (proof, grant) = (hidden(&page, "proof"), hidden_last(&page, "id"));
        let form = [("step", "revoke"), ("proof", proof.as_str()), ("id", &grant)];
        let (_, page) = post(&base_url, &form).await;
        assert!(page.contains("You are signed out now"), "{example:?}: {page}");
    }
}

fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!(r#"name="{name}" value=""#)).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

fn hidden_last(page: &str, name: &str) -> String {
    let (_, rest) = page.rsplit_once(&format!(r#"name="{name}" value=""#)).unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_user_switches_between_organizations_and_only_from_the_page() {
    for example in Example::ALL {
        let base_url = free_base_url();
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.unwrap();
        let _app = ExampleApp::start(example, &base_url, &signs_in_at(&tenant)).await;
        let visitor = Visitor::new();
        let address = visitor.sent_to(&format!("{base_url}/sign-in")).await;
        visitor.open(&tenant.sign_in(&address, "alice").await.unwrap()).await;
        let chosen = async || {
            let page = visitor.open(&format!("{base_url}/profile")).await.text().await.unwrap();
            assert!(page.contains("<b>Acme</b>"), "{example:?}: {page}");
            page.contains(r#"id="organization""#)
        };
        assert!(!chosen().await, "{example:?}");
        for (origin, path, status, then) in [
            ("https://evil.example", "wpmklpcc20gc/switch", 403, false),
            (base_url.as_str(), "not-mine/switch", 403, false),
            (base_url.as_str(), "wpmklpcc20gc/switch", 303, true),
            ("https://evil.example", "clear", 403, true),
            (base_url.as_str(), "clear", 303, false),
        ] {
            let address = format!("{base_url}/organizations/{path}");
            let answer = visitor.post(&address).header("origin", origin).send().await.unwrap();
            assert_eq!(answer.status(), status, "{example:?}, {origin}, {path}");
            assert_eq!(chosen().await, then, "{example:?}, {origin}, {path}");
        }
    }
}

#[tokio::test]
async fn an_open_page_is_told_that_its_session_has_ended() {
    for example in Example::ALL {
        let base_url = free_base_url();
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.unwrap();
        let _app = ExampleApp::start(example, &base_url, &signs_in_at(&tenant)).await;
        let (visitor, address) = (Visitor::new(), format!("{base_url}/events"));
        assert_eq!(visitor.status(&address).await, 401, "{example:?}");
        let sign_in = visitor.sent_to(&format!("{base_url}/sign-in")).await;
        visitor.open(&tenant.sign_in(&sign_in, "alice").await.unwrap()).await;
        let stream = visitor.get(&address).await;
        assert_eq!(stream.status(), 200, "{example:?}");
        let kind = stream.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(kind.starts_with("text/event-stream"), "{example:?}: {kind}");

        let answer = visitor.post(&format!("{base_url}/sign-out")).header("origin", &base_url);
        assert_eq!(answer.send().await.unwrap().status(), 303, "{example:?}");
        let events = stream.text().await.unwrap().replace("event: ", "event:");
        assert!(events.contains("event:signed-out"), "{example:?}: {events}");
    }
}

#[tokio::test]
async fn pages_answer_head_like_get_and_other_methods_with_405() {
    for example in Example::ALL {
        let base_url = free_base_url();
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.unwrap();
        let _app = ExampleApp::start(example, &base_url, &signs_in_at(&tenant)).await;
        let visitor = Visitor::new();
        for is_signed_in in [false, true] {
            if is_signed_in {
                let address = visitor.sent_to(&format!("{base_url}/sign-in")).await;
                visitor.open(&tenant.sign_in(&address, "alice").await.unwrap()).await;
            }
            // The stream has no end, but its headers have.
            for path in ["/events", "/", "/profile", "/sessions", "/api/me", "/openapi.json"] {
                let address = format!("{base_url}{path}");
                let (head, get) = (visitor.head(&address).await, visitor.get(&address).await);
                assert_eq!(head.status(), get.status(), "{example:?}, {path}");
                let kinds = [&head, &get].map(|answer| answer.headers().get("content-type"));
                assert_eq!(kinds[0], kinds[1], "{example:?}, {path}");
                assert_eq!(head.bytes().await.unwrap(), "", "{example:?}, {path}");
            }
        }
        // Rocket does not tell a wrong method from an unknown address.
        let wrong = if example == Example::Rocket { 404 } else { 405 };
        let end = format!("{base_url}/sessions/end-others");
        assert_eq!(visitor.status(&end).await, wrong, "{example:?}");
        for path in ["/profile", "/openapi.json"] {
            let answer = visitor.post(&format!("{base_url}{path}")).send().await.unwrap();
            assert_eq!(answer.status(), wrong, "{example:?}, {path}");
        }
    }
}

#[tokio::test]
async fn an_app_without_a_proxy_listens_on_this_machine_only() {
    for example in Example::ALL {
        let base_url = free_base_url();
        let tenant = LocalTenant::builder().base_url(&base_url).start().await.unwrap();
        let _app = ExampleApp::start(example, &base_url, &signs_in_at(&tenant)).await;
        // Another loopback address stands for the other interfaces.
        let elsewhere = TcpStream::connect(("127.0.0.2", port_of(&base_url))).await;
        assert!(elsewhere.is_err(), "{example:?}");
    }
}

async fn pass_on(front: TcpListener, port: u16) {
    while let Ok((mut client, _)) = front.accept().await {
        tokio::spawn(async move {
            let mut app = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            // Either side may end the connection.
            let _ = copy_bidirectional(&mut client, &mut app).await;
        });
    }
}

fn port_of(base_url: &str) -> u16 {
    base_url.rsplit(':').next().unwrap().parse().unwrap()
}
