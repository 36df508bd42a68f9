//! Refreshes: Logto replaces a refresh token each time, and its answer may get lost.

use std::time::{Duration, Instant};

use oauth2::RefreshToken;
use reqwest::retry;
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::protocol::{Protocol, Tokens, USER_AGENT, failed, no_client, sent_by};

/// How soon after a request whose answer was lost the same refresh token may be sent again: Logto
/// takes one that it has replaced for three seconds more, and then ends everything that was issued
/// for the sign-in.
const SECOND_ATTEMPT: Duration = Duration::from_secs(2);
/// How long connecting may take then.
const PROMPT_CONNECT: Duration = Duration::from_millis(500);

impl Protocol {
    /// Redeems a refresh token for an access token of this resource, once more if the answer is
    /// lost: the next time would be too late.
    pub(crate) async fn refresh(
        &self,
        refresh_token: &str,
        resource: &str,
    ) -> Result<Tokens, Error> {
        // Before the time counts.
        self.metadata().await?;
        let sent = Instant::now();
        match self.redeem_refresh_token(&self.http, refresh_token, resource).await {
            Err(error) if error.is_answer_lost() => match self.prompt_client() {
                Ok(prompt) if sent.elapsed() < SECOND_ATTEMPT => {
                    self.redeem_refresh_token(&prompt, refresh_token, resource).await
                }
                _ => Err(error),
            },
            outcome => outcome,
        }
    }

    async fn redeem_refresh_token(
        &self,
        http: &reqwest::Client,
        refresh_token: &str,
        resource: &str,
    ) -> Result<Tokens, Error> {
        let client = self.client(self.metadata().await?);
        let answer = client
            .exchange_refresh_token(&RefreshToken::new(refresh_token.to_owned()))
            .add_extra_param("resource", resource)
            .request_async(&sent_by(http))
            .await;
        let answer = answer.map_err(|error| failed("the refresh", error))?;
        Ok(Tokens::new(&answer, Some(resource)))
    }

    /// A client for a request that does harm if it arrives late. Nothing may send it again.
    fn prompt_client(&self) -> Result<reqwest::Client, Error> {
        let url = Url::parse(&self.issuer).map_err(|error| {
            Error::with_source(ErrorKind::Internal, "the issuer is not a URL", error)
        })?;
        let client = logto_http::client(&url, USER_AGENT, PROMPT_CONNECT, self.request_timeout);
        let client = client.retry(retry::never()).pool_max_idle_per_host(0).build();
        client.map_err(no_client)
    }
}
