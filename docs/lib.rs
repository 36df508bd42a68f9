//! The README and the guides, so that what they show compiles, and runs where it can.

#[doc = include_str!("../README.md")]
#[cfg(doctest)]
mod readme {}

#[doc = include_str!("protect-a-page.md")]
#[cfg(doctest)]
mod protect_a_page {}

#[doc = include_str!("get-the-user.md")]
#[cfg(doctest)]
mod get_the_user {}

#[doc = include_str!("hugging-face.md")]
#[cfg(doctest)]
mod hugging_face {}

#[doc = include_str!("hugging-face-spaces.md")]
#[cfg(doctest)]
mod hugging_face_spaces {}

#[doc = include_str!("after-sign-in.md")]
#[cfg(doctest)]
mod after_sign_in {}

#[doc = include_str!("htmx-turbo-spa.md")]
#[cfg(doctest)]
mod htmx_turbo_spa {}

#[doc = include_str!("behind-a-proxy.md")]
#[cfg(doctest)]
mod behind_a_proxy {}

#[doc = include_str!("hugging-face-step-by-step.md")]
#[cfg(doctest)]
mod hugging_face_step_by_step {}

#[doc = include_str!("hugging-face-step-by-step.fr.md")]
#[cfg(doctest)]
mod hugging_face_step_by_step_in_french {}

#[doc = include_str!("existing-app.md")]
#[cfg(doctest)]
mod existing_app {}

#[doc = include_str!("roles-and-permissions.md")]
#[cfg(doctest)]
mod roles_and_permissions {}

#[doc = include_str!("organizations.md")]
#[cfg(doctest)]
mod organizations {}

#[doc = include_str!("invitations.md")]
#[cfg(doctest)]
mod invitations {}

#[doc = include_str!("agents.md")]
#[cfg(doctest)]
mod agents {}

#[doc = include_str!("deploy.md")]
#[cfg(doctest)]
mod deploy {}

#[doc = include_str!("protect-an-api.md")]
#[cfg(doctest)]
mod protect_an_api {}

#[doc = include_str!("openapi.md")]
#[cfg(doctest)]
mod openapi {}

#[doc = include_str!("sessions.md")]
#[cfg(doctest)]
mod sessions {}

#[doc = include_str!("call-an-api.md")]
#[cfg(doctest)]
mod call_an_api {}

#[doc = include_str!("sign-out-everywhere.md")]
#[cfg(doctest)]
mod sign_out_everywhere {}

#[doc = include_str!("account.md")]
#[cfg(doctest)]
mod account {}

#[doc = include_str!("recent-sign-in.md")]
#[cfg(doctest)]
mod recent_sign_in {}

#[doc = include_str!("sign-in-hook.md")]
#[cfg(doctest)]
mod sign_in_hook {}

#[doc = include_str!("streams.md")]
#[cfg(doctest)]
mod streams {}

#[doc = include_str!("webhooks.md")]
#[cfg(doctest)]
mod webhooks {}

#[doc = include_str!("observability.md")]
#[cfg(doctest)]
mod observability {}

#[doc = include_str!("test-your-app.md")]
#[cfg(doctest)]
mod test_your_app {}

#[doc = include_str!("mcp.md")]
#[cfg(doctest)]
mod mcp {}
