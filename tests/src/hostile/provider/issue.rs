//! What the provider issues, for what, and until when.

use aws_lc_rs::digest;
use serde_json::json;

use super::super::answer::Answer;
use super::super::keys::encode;
use super::super::token::IdToken;
use super::super::{APP_ID, APP_SECRET};
use super::{Call, Provider, Script};

#[derive(Clone)]
pub(super) struct Grant {
    /// Which sign-in it comes from.
    pub(super) family: u32,
    pub(super) user: String,
    pub(super) nonce: String,
    pub(super) challenge: String,
    pub(super) redirect_uri: String,
}

impl Provider {
    /// A logout token for the user who signs in, as Logto makes one; `bend` may change it.
    #[must_use]
    pub fn logout_token(&self, bend: impl FnOnce(&mut IdToken)) -> String {
        let now = self.0.clock.now();
        let mut script = self.script();
        script.count += 1;
        let claims = json!({
            "sub": script.user, "jti": format!("logout-{}", script.count), "aud": APP_ID,
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
            "iat": now, "exp": now + 120, "iss": self.issuer(),
        });
        let mut token = IdToken::new(script.key.clone(), claims);
        token.head("typ", "logout+jwt");
        bend(&mut token);
        let token = token.finish();
        script.issued.push(token.clone());
        token
    }

    pub(super) fn token(&self, call: &Call) -> Answer {
        let pair = format!("{APP_ID}:{APP_SECRET}");
        let basic = format!("Basic {}", base64_simd::STANDARD.encode_to_string(pair));
        if call.authorization != basic {
            return Answer::error(401, "invalid_client");
        }
        let sent = |name: &str| call.form.get(name).map(String::as_str).unwrap_or_default();
        let refresh = sent("grant_type") == "refresh_token";
        let key = if refresh { sent("refresh_token") } else { sent("code") };
        let mut script = self.script();
        if let Some((at, family)) = script.spent.get(key).copied()
            && self.0.clock.now() > at + script.reuse_window
        {
            script.end(family);
        }
        let Some(grant) = script.grants.get(key).cloned() else {
            return Answer::error(400, "invalid_grant");
        };
        let challenge = encode(digest::digest(&digest::SHA256, sent("code_verifier").as_bytes()));
        if !refresh && (challenge != grant.challenge || sent("redirect_uri") != grant.redirect_uri)
        {
            return Answer::error(400, "invalid_grant");
        }
        if refresh && script.rotates {
            let now = self.0.clock.now();
            script.spent.insert(key.to_owned(), (now, grant.family));
        }
        if !refresh || (script.rotates && script.reuse_window == 0) {
            script.grants.remove(key);
        }
        let refresh_token = if refresh && !script.rotates {
            key.to_owned()
        } else {
            script.give("refresh-token", Some(grant.clone()))
        };
        let access_token = script.give("access-token", Some(grant.clone()));
        let id_token = self.id_token(&script, &grant);
        script.issued.push(id_token.clone());
        Answer::json(&json!({
            "access_token": access_token, "token_type": "Bearer", "expires_in": 3600,
            "refresh_token": refresh_token, "id_token": id_token,
            "scope": "openid offline_access profile",
        }))
    }

    fn id_token(&self, script: &Script, grant: &Grant) -> String {
        let now = self.0.clock.now();
        let claims = json!({
            "sub": grant.user, "name": format!("{} Example", grant.user), "username": null,
            "nonce": grant.nonce, "aud": APP_ID, "iat": now, "exp": now + 3600,
            "iss": self.issuer(),
        });
        let mut token = IdToken::new(script.key.clone(), claims);
        if let Some(bend) = &script.bend_token {
            bend(&mut token);
        }
        token.finish()
    }

    pub(super) fn user_info(&self, call: &Call) -> Answer {
        let token = call.authorization.strip_prefix("Bearer ").unwrap_or_default();
        match self.script().grants.get(token) {
            Some(grant) => Answer::json(&json!({ "sub": grant.user, "username": null })),
            None => Answer::error(401, "invalid_token"),
        }
    }

    pub(super) fn revocation(&self, call: &Call) -> Answer {
        let mut script = self.script();
        let token = call.form.get("token").cloned().unwrap_or_default();
        let spent = script.spent.get(&token).map(|(_, family)| *family);
        let family = script.grants.get(&token).map(|grant| grant.family);
        if let Some(family) = family.or(spent) {
            script.end(family);
        }
        Answer::text(200, "")
    }
}

impl Script {
    fn end(&mut self, family: u32) {
        self.grants.retain(|_, grant| grant.family != family);
    }

    pub(super) fn give(&mut self, what: &str, grant: Option<Grant>) -> String {
        self.count += 1;
        let random = encode(digest::digest(&digest::SHA256, what.as_bytes()));
        let given = format!("{}-{what}-{random}", self.count);
        self.issued.push(given.clone());
        if let Some(grant) = grant {
            self.grants.insert(given.clone(), grant);
        }
        given
    }
}
