//! The four built-in users, each for something that an app may trip over.

use super::{Membership, TestUser, hash_of};
use crate::random;

/// alice, bob, carol and frank.
pub(crate) fn users() -> Vec<TestUser> {
    vec![alice(), bob(), carol(), frank()]
}

fn alice() -> TestUser {
    let mut alice = TestUser::new("alice").with_role("things-editor").with_membership(
        "wpmklpcc20gc",
        "Acme",
        "org-admin",
    );
    alice.id = "8s8claa1vi9z".to_owned();
    alice.hugging_face_id = "62a1f0c4d5e6f7a8b9c0d1e2".to_owned();
    alice.about = "Full profile, admin of one organization".to_owned();
    for acme in &mut alice.memberships {
        acme.description = Some("Lab organization".to_owned());
    }
    alice
}

/// Two hundred organizations: an ID token of eleven kilobytes.
fn bob() -> TestUser {
    let mut bob = TestUser::new("bob");
    bob.about = "In 200 organizations: very large tokens".to_owned();
    bob.memberships = (1..=200)
        .map(|number| {
            let name = format!("Team {number:03}");
            Membership {
                id: random::lower_case(hash_of(&name).as_ref().split_at(12).0),
                description: Some(format!("Made-up organization number {number:03}")),
                role: "org-admin".to_owned(),
                name,
            }
        })
        .collect();
    bob
}

/// Everything that Hugging Face may leave out is left out.
fn carol() -> TestUser {
    let mut carol = TestUser::new("carol").with_name(None).with_email(None);
    carol.id = "q3x2n0486a6r".to_owned();
    carol.hugging_face_id = "62a1f0c4d5e6f7a8b9c0d1e4".to_owned();
    carol.hugging_face_email_verified = false;
    carol.picture = false;
    carol.about = "No name, no picture, no e-mail address".to_owned();
    carol
}

/// Hugging Face says that the address is not verified; Logto says that it is.
fn frank() -> TestUser {
    let mut frank = TestUser::new("frank").with_role("things-reader");
    frank.id = "yszi1ufpmwk8".to_owned();
    frank.hugging_face_email_verified = false;
    frank.about = "Unverified e-mail address, read-only".to_owned();
    frank
}
