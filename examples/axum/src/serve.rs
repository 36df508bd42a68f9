//! What `axum::serve` does, with a limit on how long a client may take to send its headers.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// For the headers of a request. A connection that waits for its next request is closed after the
/// same time, so a proxy in front has to close it earlier.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// For the requests under way when the process is asked to stop.
const GRACE: Duration = Duration::from_secs(30);

/// Serves until `stop` returns, and answers what is under way then.
pub(crate) async fn serve(listener: TcpListener, app: Router, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let (stopping, is_stopping) = watch::channel(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(answer(stream, app.clone(), is_stopping.clone()));
                }
                Err(error) => {
                    // Such as too many open files: later there are fewer.
                    tracing::warn!(%error, "failed to accept a connection");
                    sleep(Duration::from_secs(1)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop((listener, stopping));
    let all_answered = async { while connections.join_next().await.is_some() {} };
    if timeout(GRACE, all_answered).await.is_err() {
        tracing::warn!("some requests were not answered in time");
    }
}

/// Answers the requests of one connection.
async fn answer(stream: TcpStream, app: Router, mut is_stopping: watch::Receiver<()>) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let service = TowerToHyperService::new(app);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service));
    // An error is the client's matter: it went away, or sent what is not HTTP.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = is_stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
}
