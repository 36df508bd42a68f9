#![doc = include_str!("../README.md")]

mod account_center;
mod applications;
mod client;
mod configs;
mod connectors;
mod error;
mod hooks;
mod http;
mod identities;
mod invitations;
mod organization_template;
mod organizations;
mod pace;
mod pages;
pub mod provision;
mod request;
mod resources;
mod roles;
mod secrets;
mod sign_in_experience;
mod single_use_tokens;
mod time;
mod token;
mod users;
mod users_ended;

pub use account_center::{AccountCenter, AccountCenterSettings};
pub use applications::{
    Application, ApplicationChanges, ApplicationSecret, ApplicationType, Applications,
    CustomClientMetadata, NewApplication, OidcClientMetadata,
};
pub use client::{Management, ManagementBuilder};
pub use configs::{
    Configs, IdTokenClaimsSettings, SigningKey, SigningKeyAlgorithm, SigningKeyStatus,
};
pub use connectors::{
    Connector, ConnectorChanges, ConnectorConfig, ConnectorFactory, ConnectorMetadata, Connectors,
    NewConnector,
};
pub use error::{Error, ErrorKind};
pub use hooks::{
    Hook, HookChanges, HookConfig, HookDelivery, HookDeliveryPayload, HookRequest, HookResponse,
    Hooks, NewHook,
};
pub use identities::{IdentityWithToken, PersonalAccessToken, TokenMetadata, TokenSecret};
pub use invitations::{Invitation, InvitationStatus, Invitations, NewInvitation};
pub use organization_template::{
    NewOrganizationRole, OrganizationRole, OrganizationScope, OrganizationTemplate,
};
pub use organizations::{Member, MemberRole, NewOrganization, Organization, Organizations};
pub use pages::Pages;
pub use request::Request;
pub use resources::{NewResource, Resource, Resources, Scope};
pub use roles::{NewRole, Role, RoleType, Roles};
pub use secrecy::{ExposeSecret, SecretString};
pub use sign_in_experience::{SignInExperience, SignInExperienceSettings, SignUp, SocialSignIn};
pub use single_use_tokens::{NewOneTimeToken, OneTimeToken, SubjectToken};
pub use users::{Identity, NewUser, User, UserChanges, Users};
pub use users_ended::{EndedUser, UserEnd};

/// The public types are `Send + Sync`.
const _: fn() = || {
    fn check<T: Send + Sync + 'static>() {}
    check::<(Management, Error)>();
};
