//! The connector: the built-in one, or one for OAuth 2.0 where tokens are kept.

use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::change::Step;
use super::setup::Credentials;
use super::{Change, HuggingFaceSetup, Plan, Warning};
use crate::error::{Error, ErrorKind};
use crate::{
    Connector, ConnectorChanges, ConnectorConfig, ConnectorMetadata, Management, NewConnector,
};

pub(super) const TARGET: &str = "huggingface";
const BUILT_IN: &str = "huggingface-universal";
/// Its connectors keep tokens, and read the whole profile from userinfo.
const OAUTH2: &str = "oauth2";
const LOGO: &str = "https://huggingface.co/front/assets/huggingface_logo-noborder.svg";

pub(super) async fn plan(
    setup: &HuggingFaceSetup,
    management: &Management,
    plan: &mut Plan,
) -> Result<(), Error> {
    let connectors = management.connectors().list().await?;
    let ours = |one: &&Connector| one.target.as_deref() == Some(TARGET);
    let Some(existing) = connectors.iter().find(ours) else {
        return create(setup, management, plan).await;
    };
    plan.connector_id.clone_from(&existing.id);
    if setup.token_storage
        && existing.connector_id == BUILT_IN
        && !keeps_tokens(management, BUILT_IN).await?
    {
        check_factory(management, OAUTH2).await?;
        replace(setup, existing, plan);
    } else {
        update(setup, existing, plan);
    }
    Ok(())
}

async fn create(
    setup: &HuggingFaceSetup,
    management: &Management,
    plan: &mut Plan,
) -> Result<(), Error> {
    let factory = if setup.token_storage { OAUTH2 } else { BUILT_IN };
    check_factory(management, factory).await?;
    plan.connector_id = setup.new_connector_id(management);
    plan.credentials_missing = setup.credentials.is_none();
    let new = describe(setup, &plan.connector_id, wanted_scope(setup, None));
    let title = "create the connector for Hugging Face";
    plan.changes.push(show(title, &new, Step::CreateConnector));
    Ok(())
}

fn replace(setup: &HuggingFaceSetup, existing: &Connector, plan: &mut Plan) {
    let scope = wanted_scope(setup, existing.config.text("scope"));
    let mut new = describe(setup, &existing.id, scope);
    for member in ["clientId", "clientSecret"] {
        if let (None, Some(kept)) = (new.config.text(member), existing.config.text(member)) {
            new.config.0.insert(member.to_owned(), kept.into());
        }
    }
    plan.warnings.push(Warning::ConnectorReplaced);
    let title = "replace the connector for Hugging Face by one that keeps tokens";
    let mut change = Change::new(title, Step::ReplaceConnector(new.clone()));
    change.differs("kind", Some(existing.connector_id.clone()), &new.connector_id);
    for (name, member) in [("client id", "clientId"), ("scope", "scope")] {
        let (before, after) = (existing.config.text(member), new.config.text(member));
        if before != after {
            let before = before.map(str::to_owned);
            change.differs(name, before, after.unwrap_or("(not given yet)"));
        }
    }
    change.sets("token storage", "on");
    plan.changes.push(change);
}

/// A newer Logto's built-in connector may.
async fn keeps_tokens(management: &Management, factory: &str) -> Result<bool, Error> {
    let known = management.connectors().factories().await?;
    Ok(known.iter().any(|one| one.id == factory && one.is_token_storage_supported))
}

fn update(setup: &HuggingFaceSetup, existing: &Connector, plan: &mut Plan) {
    let now = &existing.config;
    let scope = wanted_scope(setup, now.text("scope"));
    let mut wanted = vec![("scope", scope)];
    if let Some(given) = &setup.credentials {
        wanted.push(("clientId", given.client_id.clone()));
        wanted.push(("clientSecret", given.client_secret.expose_secret().to_owned()));
    }
    wanted.retain(|(member, value)| now.text(member) != Some(value.as_str()));
    let mut changes = ConnectorChanges::default();
    if !wanted.is_empty() {
        let mut config = now.clone();
        let members =
            wanted.iter().map(|(member, value)| ((*member).to_owned(), value.as_str().into()));
        config.0.extend(members);
        changes.config = Some(config);
    }
    if setup.token_storage && !existing.enable_token_storage {
        changes.enable_token_storage = Some(true);
    }
    if changes.config.is_none() && changes.enable_token_storage.is_none() {
        return;
    }
    let storage = changes.enable_token_storage;
    let title = "change the connector for Hugging Face";
    let mut change = Change::new(title, Step::UpdateConnector(changes));
    for (member, value) in wanted {
        let before = now.text(member).map(str::to_owned);
        match member {
            "clientSecret" => change.sets("client secret", "(another one)"),
            "clientId" => change.differs("client id", before, value),
            _ => change.differs("scope", before, value),
        };
    }
    if storage.is_some() {
        change.sets("token storage", "on");
    }
    plan.changes.push(change);
}

fn show(title: &str, new: &NewConnector, step: fn(NewConnector) -> Step) -> Change {
    let mut change = Change::new(title, step(new.clone()));
    if let Some(id) = &new.id {
        change.sets("id", id);
    }
    change.sets("kind", &new.connector_id);
    for (name, member) in [("client id", "clientId"), ("scope", "scope")] {
        change.sets(name, new.config.text(member).unwrap_or("(not given yet)"));
    }
    if new.enable_token_storage == Some(true) {
        change.sets("token storage", "on");
    }
    change
}

/// A connector as it would be created.
fn describe(setup: &HuggingFaceSetup, id: &str, scope: String) -> NewConnector {
    let mut config = if setup.token_storage { oauth2_config() } else { ConnectorConfig::default() };
    config.0.insert("scope".to_owned(), scope.into());
    if let Some(Credentials { client_id, client_secret }) = &setup.credentials {
        let secret = client_secret.expose_secret();
        config.0.insert("clientId".to_owned(), client_id.as_str().into());
        config.0.insert("clientSecret".to_owned(), secret.into());
    }
    let factory = if setup.token_storage { OAUTH2 } else { BUILT_IN };
    let mut new = NewConnector::new(factory, config);
    new.id = Some(id.to_owned());
    new.sync_profile = Some(false);
    if setup.token_storage {
        new.enable_token_storage = Some(true);
        new.metadata = Some(ConnectorMetadata::new(TARGET, "Hugging Face", LOGO));
    }
    new
}

/// As it was seen to work: Logto's defaults for the response type and the profile do not.
fn oauth2_config() -> ConnectorConfig {
    let config = json!({
        "authorizationEndpoint": "https://huggingface.co/oauth/authorize",
        "tokenEndpoint": "https://huggingface.co/oauth/token",
        "tokenEndpointAuthMethod": "client_secret_basic",
        "tokenEndpointResponseType": "json",
        "userInfoEndpoint": "https://huggingface.co/oauth/userinfo",
        "profileMap": { "id": "sub", "email": "email", "name": "name", "avatar": "picture" },
    });
    match config {
        Value::Object(members) => ConnectorConfig(members),
        _ => ConnectorConfig::default(),
    }
}

/// What the connector asks for now, and after it what is wanted.
fn wanted_scope(setup: &HuggingFaceSetup, now: Option<&str>) -> String {
    let usual = if setup.token_storage { "openid profile email" } else { "profile email" };
    let wanted = setup.scope.as_deref().unwrap_or(usual);
    let mut scopes: Vec<&str> = now.unwrap_or_default().split_whitespace().collect();
    for scope in wanted.split_whitespace() {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes.join(" ")
}

async fn check_factory(management: &Management, factory: &str) -> Result<(), Error> {
    let known = management.connectors().factories().await?;
    if known.iter().any(|one| one.id == factory) {
        return Ok(());
    }
    let why = format!(
        "this Logto has no connector {factory}; a self-hosted one gets it by `npx @logto/cli connector add`"
    );
    Err(Error::new(ErrorKind::InvalidRequest, why))
}
