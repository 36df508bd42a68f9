//! The protected API in Rocket.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use futures::channel::oneshot;
use logto::Logto;
use logto::resource_server::{AnyToken, Api};
use logto_rocket::{Authorized, Caller, api_fairing};
use rocket::config::{LogLevel, Shutdown};
use rocket::fairing::AdHoc;
use rocket::shield::Shield;
use rocket::{Build, Config, Rocket, get, post, routes};

use crate::bearer::permissions::*;
use crate::conformance::Server;

pub(super) async fn serve(api: Api) -> Server {
    let pages = routes![
        any,
        read,
        read_and_write,
        read_or_write,
        of_path,
        members,
        of_header,
        of_some,
        of_none,
        machines,
        users,
        misplaced
    ];
    run(|rocket| rocket.attach(api_fairing(&api)).mount("/", pages)).await
}

pub(super) async fn serve_app(logto: Logto, api: Api) -> Server {
    let pages = routes![call_read, post_read, call_read_and_write, call_of_path,];
    run(|rocket| {
        rocket.attach(logto_rocket::fairing(&logto)).attach(api_fairing(&api)).mount("/", pages)
    })
    .await
}

async fn run(build: impl FnOnce(Rocket<Build>) -> Rocket<Build>) -> Server {
    let config = Config {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
        workers: 1,
        log_level: LogLevel::Off,
        shutdown: Shutdown { ctrlc: false, grace: 0, mercy: 0, ..Shutdown::default() },
        ..Config::debug_default()
    };
    let (tell, told) = oneshot::channel();
    // The headers that Rocket adds to everything are not what is compared.
    let rocket = build(rocket::custom(config).attach(Shield::new()));
    let rocket = rocket.attach(AdHoc::on_liftoff("port", |rocket| {
        tell.send(rocket.config().port).expect("someone waits for the port");
        Box::pin(async {})
    }));
    let rocket = rocket.ignite().await.expect("Rocket ignites");
    let shutdown = rocket.shutdown();
    tokio::spawn(async {
        if let Err(failed) = rocket.launch().await {
            let _ = failed.kind();
        }
    });
    let port = told.await.expect("Rocket takes off");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Server::new(address, || shutdown.notify())
}

macro_rules! pages {
    ($($name:ident($($parameter:ident)?) at $path:literal asks for $permission:ty;)*) => {
        $(
            #[get($path)]
            async fn $name($($parameter: &str,)? token: Authorized<$permission>) -> String {
                // Rocket wants every parameter of the path to be one of the function.
                $(assert!(!$parameter.is_empty());)?
                page(&token)
            }
        )*
    };
}

pages! {
    any() at "/any" asks for AnyToken;
    read() at "/read" asks for Read;
    read_and_write() at "/read-and-write" asks for ReadAndWrite;
    read_or_write() at "/read-or-write" asks for ReadOrWrite;
    of_path(organization) at "/organizations/<organization>/things" asks for OfPath;
    members(organization) at "/organizations/<organization>/members" asks for Members;
    of_header() at "/of-header" asks for OfHeader;
    of_some() at "/of-some" asks for OfSome;
    of_none() at "/of-none" asks for OfNone;
    machines() at "/machines" asks for Machines;
    users() at "/users" asks for Users;
    misplaced(organization) at "/misplaced/<organization>" asks for Misplaced;
}

#[get("/read")]
async fn call_read(caller: Caller<Read>) -> String {
    page(&caller)
}

#[post("/read")]
async fn post_read(caller: Caller<Read>) -> String {
    page(&caller)
}

#[get("/read-and-write")]
async fn call_read_and_write(caller: Caller<ReadAndWrite>) -> String {
    page(&caller)
}

#[get("/organizations/<organization>/things")]
async fn call_of_path(organization: &str, caller: Caller<OfPath>) -> String {
    assert!(!organization.is_empty());
    page(&caller)
}
