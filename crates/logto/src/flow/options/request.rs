//! What options become: the parameters of the authorization request, checked, and the query with
//! which the same sign-in is repeated.

use url::form_urlencoded;

use super::{LOGIN_HINT, ONE_TIME_TOKEN, Resources, SignInOptions};
use crate::config::Prompt;
use crate::error::{Error, ErrorKind};
use crate::flow::ExpectedUser;
use crate::flow::freshness::MAX_AGE;

/// Parameters that the SDK sets itself, or whose meaning it depends on.
const PROTOCOL_PARAMETERS: [&str; 20] = [
    "client_id",
    "client_secret",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "resource",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "request",
    "request_uri",
    "code",
    "code_verifier",
    "grant_type",
    "id_token_hint",
    "registration",
];

/// Says who is expected, in a repeated sign-in; no parameter can have this name.
const EXPECTED: &str = "id_token_hint";
/// Says that no page is shown, likewise.
const SILENT: &str = "response_mode";
const AFTER_SILENT: &str = "response_type";
/// Without effect where Logto shows no page.
const FOR_PAGES: [&str; 5] =
    ["direct_sign_in", "first_screen", "identifier", "interaction_mode", LOGIN_HINT];

impl SignInOptions {
    /// What has to be said again when the sign-in is repeated, as a query. `prompt`, `max_age`,
    /// `scope` and `resource` cannot be given as [parameters](Self::with_extra_param).
    pub(crate) fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&self.parameters);
        if let Some(prompt) = self.prompt {
            query.append_pair("prompt", prompt.value());
        }
        if let Some(max_age) = self.max_age {
            query.append_pair("max_age", &max_age.to_string());
        }
        if let Some(expected) = &self.expected {
            query.append_pair(EXPECTED, &expected.to_text());
        }
        if self.is_silent {
            query.append_pair(SILENT, "");
        }
        if self.is_after_silent {
            query.append_pair(AFTER_SILENT, "");
        }
        if self.no_offline_access {
            query.append_pair("scope", "");
        }
        if self.resources == Resources::Tried {
            query.append_pair("resource", "");
        }
        query.finish()
    }

    /// The options that [`to_query`](Self::to_query) wrote.
    pub(crate) fn from_query(query: &str) -> Self {
        let mut options = Self::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "prompt" => {
                    options.prompt = Prompt::ALL.into_iter().find(|it| it.value() == value);
                }
                // One that cannot be read asks for the most.
                "max_age" => options.max_age = Some(value.parse().unwrap_or(0)),
                EXPECTED => options.expected = Some(ExpectedUser::from_text(&value)),
                SILENT => options.is_silent = true,
                AFTER_SILENT => options.is_after_silent = true,
                "scope" => options.no_offline_access = true,
                "resource" => options.resources = Resources::Tried,
                _ => options.parameters.push((name.into_owned(), value.into_owned())),
            }
        }
        options
    }

    /// The parameters of the authorization request.
    pub(crate) fn all_parameters(&self) -> Vec<(String, String)> {
        let max_age = self.max_age.map(|max_age| ("max_age".to_owned(), max_age.to_string()));
        let has_hint = self.parameters.iter().any(|(name, _)| name == LOGIN_HINT);
        let hint = match &self.expected {
            Some(ExpectedUser::Email(email)) if !has_hint => {
                Some((LOGIN_HINT.to_owned(), email.clone()))
            }
            _ => None,
        };
        self.parameters.iter().cloned().chain(max_age).chain(hint).collect()
    }

    /// The names of the parameters that only Logto's pages look at.
    pub(crate) fn for_pages(&self) -> Vec<&str> {
        let names = self.parameters.iter().map(|(name, _)| name.as_str());
        names.filter(|name| FOR_PAGES.contains(name)).collect()
    }

    /// Refuses parameters of the protocol and parameters given twice: servers differ in which of
    /// two they believe.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let refuse = |name: &str, why: &str| {
            Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("the sign-in parameter {name:?} {why}"),
            ))
        };
        let needs_page = self.prompt.is_some() || self.max_age.is_some() || self.expected.is_some();
        if self.is_silent && needs_page {
            return refuse("prompt", "cannot be combined with a silent sign-in");
        }
        for (at, (name, _)) in self.parameters.iter().enumerate() {
            if name == "max_age" {
                return refuse(name, "has an option of its own, with_max_age");
            }
            if name == ONE_TIME_TOKEN {
                if self.expected.is_none() {
                    return refuse(name, "has an option of its own, with_one_time_token");
                }
                if self.prompt.is_some_and(|prompt| !prompt.includes_login()) {
                    return refuse(name, "has no effect if the prompt has no login");
                }
            }
            if PROTOCOL_PARAMETERS.contains(&name.as_str()) {
                return refuse(name, "belongs to the protocol and cannot be given");
            }
            let mut earlier = self.parameters.iter().take(at);
            if name.is_empty() || earlier.any(|(earlier, _)| earlier == name) {
                return refuse(name, "is given twice or has no name");
            }
        }
        if self.max_age.is_some_and(|max_age| max_age > MAX_AGE) {
            return refuse("max_age", "is larger than Logto reads");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::flow::{DirectSignIn, FirstScreen};

    #[test]
    fn a_parameter_of_the_protocol_cannot_be_given() {
        for name in PROTOCOL_PARAMETERS {
            let error = SignInOptions::new().with_extra_param(name, "x").check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{name}");
        }
        assert!(SignInOptions::new().with_extra_param("acr_values", "x").check().is_ok());
    }

    #[test]
    fn options_are_repeated_as_they_were() {
        let options = SignInOptions::new()
            .with_direct_sign_in(DirectSignIn::hugging_face())
            .with_prompt(Prompt::LoginConsent)
            .with_max_age(Duration::from_millis(300_900))
            .with_one_time_token("dave+b@example.test", "token")
            .with_extra_param("acr_values", "a b&c=\n");
        let again = SignInOptions::from_query(&options.to_query());
        assert_eq!(again.parameters, options.parameters);
        assert_eq!(again.prompt, Some(Prompt::LoginConsent));
        assert_eq!(again.max_age, Some(300));
        assert_eq!(again.expected, options.expected);
        assert!(again.expected.is_some());
        assert_eq!(SignInOptions::from_query("max_age=x").max_age, Some(0));
        assert!(!again.no_offline_access);
        assert_eq!(again.resources, Resources::All);
        let options = SignInOptions::new().without_offline_access();
        let options = SignInOptions { resources: Resources::Tried, is_silent: true, ..options };
        let again = SignInOptions::from_query(&options.to_query());
        assert!(again.no_offline_access && again.is_silent);
        assert_eq!(again.resources, Resources::Tried);
    }

    #[test]
    fn a_one_time_token_is_never_without_effect() {
        let with = |prompt| {
            let options = SignInOptions::new().with_one_time_token("a@b.c", "token");
            options.with_prompt(prompt).check().is_ok()
        };
        let taken = Prompt::ALL.map(|prompt| (prompt, with(prompt)));
        let logins = Prompt::ALL.map(|prompt| (prompt, prompt.value().contains("login")));
        assert_eq!(taken, logins);
        let bare = SignInOptions::new().with_extra_param("one_time_token", "token");
        assert!(bare.check().is_err());
        let twice = SignInOptions::new().with_one_time_token("a@b.c", "t").with_login_hint("d@e.f");
        let hints = twice.all_parameters().into_iter().filter(|(name, _)| name == LOGIN_HINT);
        assert_eq!(hints.collect::<Vec<_>>(), [(LOGIN_HINT.to_owned(), "d@e.f".to_owned())]);
    }

    #[test]
    fn an_age_beyond_all_integers_is_refused() {
        let with =
            |seconds| SignInOptions::new().with_max_age(Duration::from_secs(seconds)).check();
        assert!(with(MAX_AGE).is_ok());
        assert!(with(MAX_AGE + 1).is_err());
    }

    #[test]
    fn a_parameter_cannot_be_given_twice() {
        let twice = SignInOptions::new()
            .with_first_screen(FirstScreen::Register)
            .with_extra_param("first_screen", "sign_in");
        assert!(twice.check().is_err());
    }
}
