//! A warning about Rocket's debug log, which prints cookies and codes.

use rocket::config::LogLevel;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
    /// In a build for development, or where the app says so.
    Warn,
    Refuse,
}

/// Whether an app may be launched with this log level.
pub(crate) fn judge(level: LogLevel, is_debug_build: bool, is_allowed: bool) -> Verdict {
    match level {
        LogLevel::Debug if is_debug_build || is_allowed => Verdict::Warn,
        LogLevel::Debug => Verdict::Refuse,
        _ => Verdict::Fine,
    }
}

/// Whether to go on, having told the operator. Rocket's own log has a special level for launch
/// messages, but an error is shown at every level.
pub(crate) fn admit(level: LogLevel, is_allowed: bool) -> bool {
    let what =
        "the log level `debug` prints sign-in codes, session cookies and tokens of all users";
    match judge(level, cfg!(debug_assertions), is_allowed) {
        Verdict::Fine => true,
        Verdict::Warn => {
            rocket::warn!("{what}: keep this log to yourself, and never use it in production");
            true
        }
        Verdict::Refuse => {
            rocket::error!(
                "{what}. Set ROCKET_LOG_LEVEL=normal, or allow it: fairing(&logto).with_debug_log()"
            );
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_app_that_says_so_logs_everything_in_production() {
        for level in [LogLevel::Off, LogLevel::Critical, LogLevel::Normal] {
            assert_eq!(judge(level, false, false), Verdict::Fine);
        }
        for (is_debug_build, is_allowed, verdict) in [
            (false, false, Verdict::Refuse),
            (false, true, Verdict::Warn),
            (true, false, Verdict::Warn),
        ] {
            assert_eq!(judge(LogLevel::Debug, is_debug_build, is_allowed), verdict);
        }
    }
}
