//! Times and durations as Logto writes them: most times in milliseconds, a few in seconds, as
//! lifetimes are.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serializer};

/// A time in milliseconds since the Unix epoch.
pub(crate) mod millis {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SystemTime, D::Error> {
        u64::deserialize(from).and_then(|millis| {
            let time = UNIX_EPOCH.checked_add(Duration::from_millis(millis));
            time.ok_or_else(|| serde::de::Error::custom("the time is out of range"))
        })
    }

    pub(crate) fn serialize<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        to.serialize_u64(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The same, or nothing.
pub(crate) mod optional_millis {
    use super::*;

    #[derive(Deserialize)]
    struct Millis(#[serde(with = "millis")] SystemTime);

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        Ok(Option::<Millis>::deserialize(from)?.map(|Millis(time)| time))
    }

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<SystemTime>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => millis::serialize(time, to),
            None => to.serialize_none(),
        }
    }
}

/// A time in seconds since the Unix epoch.
pub(crate) mod unix_seconds {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SystemTime, D::Error> {
        u64::deserialize(from).and_then(|seconds| {
            let time = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
            time.ok_or_else(|| serde::de::Error::custom("the time is out of range"))
        })
    }
}

/// The same, or nothing.
pub(crate) mod optional_unix_seconds {
    use super::*;

    #[derive(Deserialize)]
    struct Seconds(#[serde(with = "unix_seconds")] SystemTime);

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        Ok(Option::<Seconds>::deserialize(from)?.map(|Seconds(time)| time))
    }
}

/// A number of whole seconds.
pub(crate) mod seconds {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_secs)
    }
}

/// The same, or nothing.
pub(crate) mod optional_seconds {
    use super::*;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(from)?.map(Duration::from_secs))
    }

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<Duration>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => to.serialize_u64(time.as_secs()),
            None => to.serialize_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    struct All {
        #[serde(with = "millis")]
        time: SystemTime,
        #[serde(default, with = "optional_millis")]
        end: Option<SystemTime>,
        #[serde(default, with = "optional_seconds")]
        life: Option<Duration>,
    }

    #[test]
    fn units_are_those_of_logto() {
        let json = json!({ "time": 1_795_342_268_550_u64, "end": 1, "life": 3600 });
        let read: All = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(read.time, UNIX_EPOCH + Duration::from_millis(1_795_342_268_550));
        assert_eq!(read.end, Some(UNIX_EPOCH + Duration::from_millis(1)));
        assert_eq!(read.life, Some(Duration::from_secs(3600)));
        assert_eq!(serde_json::to_value(&read).unwrap(), json);
        let seconds = unix_seconds::deserialize(json!(1_795_374_144_u64)).unwrap();
        assert_eq!(seconds, UNIX_EPOCH + Duration::from_secs(1_795_374_144));
        assert_eq!(optional_unix_seconds::deserialize(json!(null)).unwrap(), None);
        assert!(unix_seconds::deserialize(json!(u64::MAX)).is_err());
    }

    #[test]
    fn what_is_missing_or_null_is_none_and_nonsense_is_refused() {
        let read: All = serde_json::from_value(json!({ "time": 0, "end": null })).unwrap();
        assert_eq!(read, All { time: UNIX_EPOCH, end: None, life: None });
        for wrong in [json!({ "time": -1 }), json!({ "time": "x" }), json!({ "time": null })] {
            assert!(serde_json::from_value::<All>(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
