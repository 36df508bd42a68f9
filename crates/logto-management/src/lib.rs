#![doc = include_str!("../README.md")]

mod account_center;
mod applications;
mod client;
mod configs;
mod connectors;
mod error;
mod http;
mod pace;
mod pages;
pub mod provision;
mod request;
mod secrets;
mod sign_in_experience;
mod token;

pub use account_center::{AccountCenter, AccountCenterSettings};
pub use applications::{
    Application, ApplicationChanges, ApplicationSecret, ApplicationType, Applications,
    CustomClientMetadata, NewApplication, OidcClientMetadata,
};
pub use client::{Management, ManagementBuilder};
pub use configs::{Configs, IdTokenClaims, SigningKey, SigningKeyAlgorithm, SigningKeyStatus};
pub use connectors::{
    Connector, ConnectorChanges, ConnectorConfig, ConnectorFactory, ConnectorMetadata, Connectors,
    NewConnector,
};
pub use error::{Error, ErrorKind};
pub use pages::Pages;
pub use request::Request;
pub use sign_in_experience::{SignInExperience, SignInExperienceSettings, SignUp, SocialSignIn};
