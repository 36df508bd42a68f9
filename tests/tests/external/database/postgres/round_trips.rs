//! Counts round trips to PostgreSQL, in front of it.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

/// A port that leads to the database at `url`, and how often the database has said that it is ready
/// for the next query: once at the end of every round trip.
pub(crate) async fn count(url: &str) -> (u16, Arc<AtomicUsize>) {
    let database: PgConnectOptions = url.parse().unwrap();
    let to = (database.get_host().to_owned(), database.get_port());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answers = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&answers);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(to.clone()).await.unwrap();
            let (mut from_client, to_client) = client.into_split();
            let (from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { copy(&mut from_client, &mut to_server).await });
            tokio::spawn(answer(from_server, to_client, Arc::clone(&counter)));
        }
    });
    (port, answers)
}

/// Passes messages on: a byte that names the kind, and the length of the rest.
async fn answer(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    answers: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    loop {
        let kind = from.read_u8().await?;
        let length = from.read_u32().await?;
        let mut rest = vec![0; length as usize - 4];
        from.read_exact(&mut rest).await?;
        if kind == b'Z' {
            answers.fetch_add(1, Ordering::SeqCst);
        }
        to.write_all(&[&[kind], &length.to_be_bytes()[..], &rest].concat()).await?;
    }
}
