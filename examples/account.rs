//! The user's own sessions, grants, and linked accounts at Logto, through its Account API. Logto
//! shows and changes them for those who prove once more who they are, by password or by a code that
//! it mails. The same in all four examples.

use std::collections::HashMap;

use crate::logto::web::{
    Account, LogtoGrant, LogtoSession, Reply, RevokeGrants, SentCode, User, Verification,
};
use crate::logto::{AccountProblem, Error};

/// What the page shows of it.
pub(crate) enum AtLogto {
    /// Nothing, and why.
    Unavailable(&'static str),
    /// A form for the password.
    AskForPassword(&'static str),
    /// A button that has a code mailed to this address.
    OfferCode(String),
    /// A form for the code.
    AskForCode { sent: SentCode, notice: &'static str },
    /// The lists, with the proof that the next click brings along.
    Lists { proof: String, sessions: Vec<LogtoSession>, grants: Vec<LogtoGrant> },
}

/// When the page is opened.
pub(crate) async fn at_first(user: &User) -> AtLogto {
    let account = user.account();
    shown(lists(&account, "").await, &account).await
}

/// When one of the page's forms is posted.
pub(crate) async fn after(user: &User, form: &HashMap<String, String>) -> AtLogto {
    let account = user.account();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let outcome = match field("step") {
        "password" => match account.verify_password(field("password")).await {
            Ok(proof) => lists(&account.clone().with_verification(proof.clone()), proof.id()).await,
            Err(error) => Err(error),
        },
        "send" => send_code(&account).await,
        "code" => match own_address(&account).await {
            Ok(email) => {
                check_code(&account, SentCode::from_parts(field("sent"), email), field("code"))
                    .await
            }
            Err(error) => Err(error),
        },
        step => end(&account, step, field("id"), field("proof")).await,
    };
    shown(outcome, &account).await
}

/// The way to Hugging Face, to link the account there to this user, or to renew its token.
pub(crate) async fn link_hugging_face(
    user: &User,
    form: &HashMap<String, String>,
) -> Result<Reply, Error> {
    let proof = form.get("proof").map(String::as_str).unwrap_or_default();
    proven(&user.account(), proof).begin_link("huggingface", "/linked").await
}

async fn send_code(account: &Account) -> Result<AtLogto, Error> {
    let sent = account.send_email_code(&own_address(account).await?).await?;
    Ok(AtLogto::AskForCode { sent, notice: "" })
}

async fn check_code(account: &Account, sent: SentCode, code: &str) -> Result<AtLogto, Error> {
    match account.verify_email_code(&sent, code).await {
        Err(error) if error.account_problem() == Some(AccountProblem::WrongCode) => {
            Ok(AtLogto::AskForCode { sent, notice: "This code is wrong. Try again." })
        }
        Err(error) => Err(error),
        Ok(proof) => lists(&account.clone().with_verification(proof.clone()), proof.id()).await,
    }
}

/// Ends a session or takes a permission back, and shows what is left.
async fn end(account: &Account, step: &str, id: &str, proof: &str) -> Result<AtLogto, Error> {
    let account = proven(account, proof);
    let ended = match step {
        "end" => account.end_session(id, RevokeGrants::All).await,
        "revoke" => account.revoke_grant(id).await,
        _ => Ok(()),
    };
    match ended {
        // Twice is as good as once.
        Err(error)
            if !matches!(
                error.account_problem(),
                Some(AccountProblem::SessionNotFound | AccountProblem::GrantNotFound)
            ) =>
        {
            Err(error)
        }
        _ => lists(&account, proof).await,
    }
}

/// With the proof that the form brought along. Logto does not ask all users for one.
fn proven(account: &Account, proof: &str) -> Account {
    match proof {
        "" => account.clone(),
        proof => account.clone().with_verification(Verification::from_id(proof)),
    }
}

async fn lists(account: &Account, proof: &str) -> Result<AtLogto, Error> {
    let (sessions, grants) = (account.sessions().await?, account.grants().await?);
    Ok(AtLogto::Lists { proof: proof.to_owned(), sessions, grants })
}

async fn own_address(account: &Account) -> Result<String, Error> {
    Ok(account.fetch().await?.primary_email.unwrap_or_default())
}

/// What became of it, in the user's words.
async fn shown(outcome: Result<AtLogto, Error>, account: &Account) -> AtLogto {
    let error = match outcome {
        Ok(shown) => return shown,
        Err(error) => error,
    };
    match error.account_problem() {
        Some(AccountProblem::WrongPassword) => {
            AtLogto::AskForPassword("This password is wrong. Try again.")
        }
        Some(
            AccountProblem::VerificationRequired
            | AccountProblem::VerificationNotFound
            | AccountProblem::WrongCode,
        ) => ask(account).await,
        Some(AccountProblem::TooManyAttempts) => {
            AtLogto::Unavailable("That was wrong too often. Try again in an hour.")
        }
        Some(AccountProblem::NotEnabled | AccountProblem::FieldNotEnabled) => {
            AtLogto::Unavailable("This site does not show where you are signed in at Logto.")
        }
        Some(AccountProblem::MissingScope) => AtLogto::Unavailable(
            "Sign out and sign in again to see where you are signed in at Logto.",
        ),
        _ if error.needs_sign_in() => AtLogto::Unavailable("You are signed out now."),
        // The SDK has logged it.
        _ => AtLogto::Unavailable("Logto is not available right now. Try again in a moment."),
    }
}

/// For what the user can prove who they are with.
async fn ask(account: &Account) -> AtLogto {
    match account.fetch().await {
        Ok(profile) if profile.has_password == Some(true) => AtLogto::AskForPassword(""),
        Ok(profile) => match profile.primary_email {
            Some(email) => AtLogto::OfferCode(email),
            None => AtLogto::Unavailable(
                "Logto shows this to users with a password or an e-mail address.",
            ),
        },
        Err(_) => AtLogto::Unavailable("Logto is not available right now. Try again in a moment."),
    }
}
