#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("../README.md")]

mod access_token;
mod app;
mod browser;
mod config;
mod credentials;
mod device;
mod error;
mod file_store;
#[cfg(feature = "keyring")]
mod key_ring;
mod lock;
mod metadata;
mod protocol;
mod refresh;
mod store;
mod stored;
mod user;

pub use access_token::AccessToken;
pub use app::NativeApp;
pub use browser::BrowserSignIn;
pub use config::NativeConfig;
pub use device::DeviceSignIn;
pub use error::{Error, ErrorKind};
pub use file_store::FileStore;
#[cfg(feature = "keyring")]
pub use key_ring::KeyRing;
pub use store::CredentialStore;
pub use user::User;

/// The public types are `Send + Sync`.
const _: fn() = || {
    fn check<T: Send + Sync + 'static>() {}
    check::<(NativeApp, BrowserSignIn, DeviceSignIn)>();
    check::<(User, AccessToken, FileStore, Error)>();
};
