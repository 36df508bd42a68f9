//! The application: found by id or by name, or created, with the addresses that it needs.

use std::time::SystemTime;

use super::change::Step;
use super::{Change, HuggingFaceSetup, Plan, Warning};
use crate::error::{Error, ErrorKind};
use crate::{
    Application, ApplicationSecret, ApplicationType, Management, NewApplication, OidcClientMetadata,
};

pub(super) async fn plan(
    setup: &HuggingFaceSetup,
    management: &Management,
    plan: &mut Plan,
) -> Result<(), Error> {
    match find(setup, management, plan).await? {
        Some(application) => adopt(&application, management, plan).await,
        None => {
            let wanted = plan.addresses.clone();
            let name = &setup.app_name;
            let mut new = NewApplication::new(name, ApplicationType::Traditional);
            new.oidc_client_metadata = Some(wanted.clone());
            let title = format!("create the application {name}");
            let mut change = Change::new(title, Step::CreateApplication(new));
            show_additions(&mut change, &OidcClientMetadata::default(), &wanted);
            plan.changes.push(change);
            Ok(())
        }
    }
}

async fn find(
    setup: &HuggingFaceSetup,
    management: &Management,
    plan: &mut Plan,
) -> Result<Option<Application>, Error> {
    let applications = management.applications();
    let mut named = applications.list().all().await?;
    let mut others = named.iter().filter(|one| one.kind != ApplicationType::MachineToMachine);
    plan.is_only_app = others.all(|one| match &setup.app_id {
        Some(id) => one.id == *id,
        None => is_named(one, setup),
    });
    if let Some(id) = &setup.app_id {
        let application = applications.get(id).await?;
        if application.kind != ApplicationType::Traditional {
            let why = format!("the application {id} is not of the type “Traditional web”");
            return Err(Error::new(ErrorKind::InvalidRequest, why));
        }
        return Ok(Some(application));
    }
    named.retain(|one| is_named(one, setup));
    if named.len() > 1 {
        let ids: Vec<&str> = named.iter().map(|one| one.id.as_str()).collect();
        let why = format!(
            "there are several applications {}; say which one by its id: {}",
            setup.app_name,
            ids.join(", ")
        );
        return Err(Error::new(ErrorKind::InvalidRequest, why));
    }
    Ok(named.pop())
}

fn is_named(application: &Application, setup: &HuggingFaceSetup) -> bool {
    application.kind == ApplicationType::Traditional && application.name == setup.app_name
}

async fn adopt(
    application: &Application,
    management: &Management,
    plan: &mut Plan,
) -> Result<(), Error> {
    plan.app_id = Some(application.id.clone());
    let now = &application.oidc_client_metadata;
    let merged = merge(now, &plan.addresses);
    if merged != *now {
        let title = format!("register addresses of the application {}", application.name);
        let mut change = Change::new(title, Step::RegisterAddresses);
        show_additions(&mut change, now, &merged);
        plan.changes.push(change);
    }
    if let Some(other) = &now.backchannel_logout_uri
        && Some(other) != plan.addresses.backchannel_logout_uri.as_ref()
    {
        let warning = Warning::OtherBackchannelLogoutUri(other.clone());
        plan.warnings.push(warning);
    }
    let secrets = management.applications().secrets(&application.id).await?;
    if let Some(secret) = usable(&secrets) {
        plan.app_secret = Some(secret.value.clone());
    } else {
        let title = format!("add a secret to the application {}", application.name);
        plan.changes.push(Change::new(title, Step::AddSecret));
    }
    Ok(())
}

/// What is there, and what is wanted after it. A back-channel address that is there stays.
pub(super) fn merge(now: &OidcClientMetadata, wanted: &OidcClientMetadata) -> OidcClientMetadata {
    let mut merged = now.clone();
    append(&mut merged.redirect_uris, &wanted.redirect_uris);
    append(&mut merged.post_logout_redirect_uris, &wanted.post_logout_redirect_uris);
    if merged.backchannel_logout_uri.is_none() {
        merged.backchannel_logout_uri = wanted.backchannel_logout_uri.clone();
        merged.backchannel_logout_session_required = wanted.backchannel_logout_session_required;
    }
    merged
}

fn append(to: &mut Vec<String>, wanted: &[String]) {
    for uri in wanted {
        if !to.contains(uri) {
            to.push(uri.clone());
        }
    }
}

fn show_additions(change: &mut Change, now: &OidcClientMetadata, then: &OidcClientMetadata) {
    let lists = [
        ("redirect URI", &now.redirect_uris, &then.redirect_uris),
        (
            "post sign-out redirect URI",
            &now.post_logout_redirect_uris,
            &then.post_logout_redirect_uris,
        ),
    ];
    for (name, now, then) in lists {
        for uri in then.iter().filter(|uri| !now.contains(uri)) {
            change.sets(name, uri);
        }
    }
    if let (None, Some(uri)) = (&now.backchannel_logout_uri, &then.backchannel_logout_uri) {
        change.sets("back-channel logout URI", uri);
    }
}

/// The first secret that has not ended.
pub(super) fn usable(secrets: &[ApplicationSecret]) -> Option<&ApplicationSecret> {
    let now = SystemTime::now();
    let alive = |end: SystemTime| end > now;
    secrets.iter().find(|secret| secret.expires_at.is_none_or(alive))
}
