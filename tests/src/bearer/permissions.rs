//! The permissions of the protected API, one for each of its routes.

use logto::resource_server::{AccessTokenClaims, Permission, Policy};

/// What the API's metadata says.
pub const METADATA_SCOPES: [&str; 2] = ["read:things", "write:things"];

macro_rules! permissions {
    ($($name:ident = $policy:expr;)*) => {
        $(
            pub(super) struct $name;

            impl Permission for $name {
                const POLICY: Policy = $policy;
            }
        )*
    };
}

permissions! {
    Read = Policy::new().with_scopes(&["read:things"]);
    ReadAndWrite = Policy::new().with_scopes(&["read:things", "write:things"]);
    ReadOrWrite = Policy::new().with_any_scope(&["read:things", "write:things"]);
    OfPath = Policy::new().with_scopes(&["read:things"]).with_organization_in_path("organization");
    OfHeader = Policy::new().with_organization_in_header("x-organization");
    OfSome = Policy::new().with_organization();
    OfNone = Policy::new().without_organization();
    Members = Policy::new()
        .with_organization_token()
        .with_scopes(&["read:members"])
        .with_organization_in_path("organization");
    Machines = Policy::new().machines_only();
    Users = Policy::new().users_only();
    Misplaced = Policy::new().with_organization_in_path("no-such-parameter");
}

/// What every route answers.
pub(super) fn page(token: &AccessTokenClaims) -> String {
    let organization = token.organization_id().unwrap_or("none");
    format!("{} in {organization}", token.sub())
}
