//! `Event`: what a webhook reports.

use super::body::Body;
use super::payload::{
    Change, GrantLimit, Interaction, Lockout, MembershipChange, Payload, RateLimit, UserChange,
};

macro_rules! events {
    ($($name:literal => $variant:ident($payload:ty): $what:literal,)*) => {
        /// What happened in the tenant.
        ///
        /// # Example
        ///
        /// ```
        /// use logto::webhooks::Event;
        ///
        /// /// What the app's own tables have to do with it.
        /// fn to_do(event: &Event) -> Option<String> {
        ///     match event {
        ///         Event::UserCreated(user) => Some(format!("add {}", user.user_id)),
        ///         Event::UserDeleted(user) => Some(format!("delete {}", user.user_id)),
        ///         // All others, and those of newer versions of Logto.
        ///         _ => None,
        ///     }
        /// }
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Event {
            $(
                #[doc = concat!("`", $name, "`: ", $what)]
                $variant($payload),
            )*
            /// A test delivery of any event, as Logto's console sends it: nothing happened.
            Test,
            /// An event that this version does not know, or one without what it is about. The body
            /// is in [`Delivery::json`](super::Delivery::json).
            Unknown,
        }

        impl Event {
            /// The names of the events that have a variant.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            pub(super) fn read(name: &str, body: &Body<'_>) -> Self {
                let event = match name {
                    $($name => <$payload>::read(body).map(Self::$variant),)*
                    _ => None,
                };
                event.unwrap_or(Self::Unknown)
            }
        }
    };
}

events! {
    "PostRegister" => PostRegister(Interaction): "a user registered.",
    "PostSignIn" => PostSignIn(Interaction): "a user signed in on Logto's pages. A sign-in by a session that was there sends nothing.",
    "PostSignInAdaptiveMfaTriggered" => PostSignInAdaptiveMfaTriggered(Interaction): "adaptive MFA asks a user for another factor.",
    "PostResetPassword" => PostResetPassword(Interaction): "a user set a new password.",
    "User.Created" => UserCreated(UserChange): "a user was created.",
    "User.Deleted" => UserDeleted(UserChange): "a user was deleted.",
    "User.Data.Updated" => UserDataUpdated(UserChange): "a user changed.",
    "User.SuspensionStatus.Updated" => UserSuspensionStatusUpdated(UserChange): "a user was suspended, or is not any more.",
    "Role.Created" => RoleCreated(Change): "a role was created.",
    "Role.Deleted" => RoleDeleted(Change): "a role was deleted.",
    "Role.Data.Updated" => RoleDataUpdated(Change): "a role changed.",
    "Role.Scopes.Updated" => RoleScopesUpdated(Change): "the scopes of a role changed.",
    "Scope.Created" => ScopeCreated(Change): "a scope of an API resource was created.",
    "Scope.Deleted" => ScopeDeleted(Change): "a scope of an API resource was deleted.",
    "Scope.Data.Updated" => ScopeDataUpdated(Change): "a scope of an API resource changed.",
    "Organization.Created" => OrganizationCreated(Change): "an organization was created.",
    "Organization.Deleted" => OrganizationDeleted(Change): "an organization was deleted.",
    "Organization.Data.Updated" => OrganizationDataUpdated(Change): "an organization changed.",
    "Organization.Membership.Updated" => OrganizationMembershipUpdated(MembershipChange): "the members of an organization changed.",
    "OrganizationRole.Created" => OrganizationRoleCreated(Change): "an organization role was created.",
    "OrganizationRole.Deleted" => OrganizationRoleDeleted(Change): "an organization role was deleted.",
    "OrganizationRole.Data.Updated" => OrganizationRoleDataUpdated(Change): "an organization role changed.",
    "OrganizationRole.Scopes.Updated" => OrganizationRoleScopesUpdated(Change): "the scopes of an organization role changed.",
    "OrganizationScope.Created" => OrganizationScopeCreated(Change): "an organization scope was created.",
    "OrganizationScope.Deleted" => OrganizationScopeDeleted(Change): "an organization scope was deleted.",
    "OrganizationScope.Data.Updated" => OrganizationScopeDataUpdated(Change): "an organization scope changed.",
    "Identifier.Lockout" => IdentifierLockout(Lockout): "an identifier is locked.",
    "Message.RateLimited" => MessageRateLimited(RateLimit): "too many codes were asked for.",
    "Grant.LimitExceeded" => GrantLimitExceeded(GrantLimit): "an application's limit of grants was reached.",
}
