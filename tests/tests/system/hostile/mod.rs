//! Sign-in, sign-out and refresh against a provider or a browser that misbehaves.

mod bugs_of_other_sdks;
mod callback;
mod certification_modules;
mod cost;
mod crowd;
mod discovery;
mod expected_user;
mod id_token;
mod id_token_content;
mod key_rotation;
mod key_set;
mod outage;
mod properties;
mod refresh;
mod return_to;
mod sign_in_hook;
mod sign_in_loop;
mod sign_out;
mod signature;
mod step_up;
mod tabs;
mod token_endpoint;
mod token_error;
mod unknown_resource;
mod user_info;
