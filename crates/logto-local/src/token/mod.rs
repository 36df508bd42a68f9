//! The grants of the token endpoint.

pub(crate) mod claims;
pub(crate) mod code;
pub(crate) mod device;
pub(crate) mod exchange;
pub(crate) mod issue;
pub(crate) mod machine;
pub(crate) mod refresh;
