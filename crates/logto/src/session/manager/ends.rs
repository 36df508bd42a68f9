//! What a revocation marker holds: the newest end, and those before it.

use std::cmp;

use crate::storage::Version;

/// Bytes of a time, and of a version with a time.
const TIME: usize = 8;
const VERSION_AND_TIME: usize = 16;

/// The ends that one marker stands for. Each says until when the sessions began that it ends, by
/// Logto's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    /// Of the newest, whose version is that of the marker.
    until: u64,
    /// Those before it, oldest first, each with the version that the marker had then.
    earlier: Vec<(Version, u64)>,
}

impl Ends {
    /// The ends with one more. Beside it `kept` of those before stay apart, and older ones become
    /// one. That ends no fewer sessions: it forgets which of them began later.
    pub(super) fn after(before: Option<(Version, Self)>, until: u64, kept: usize) -> Self {
        let mut ends = Self { until, earlier: Vec::new() };
        if let Some((version, before)) = before {
            ends.earlier = before.earlier;
            ends.earlier.push((version, before.until));
        }
        while ends.earlier.len() > kept {
            let (_, oldest) = ends.earlier.remove(0);
            let next = ends.earlier.first_mut().map_or(&mut ends.until, |(_, until)| until);
            *next = cmp::max(*next, oldest);
        }
        ends
    }

    /// Whether they end a session that began at this time and knows a version of the marker: those
    /// from before that version do not concern it, whatever the clocks say.
    pub(super) fn end(&self, started_at: u64, marker: Version, known: Option<Version>) -> bool {
        if known == Some(marker) {
            return false;
        }
        let at = self.earlier.iter().position(|(version, _)| known == Some(*version));
        let later = self.earlier.iter().skip(at.map_or(0, |at| at + 1));
        later.map(|(_, until)| *until).chain([self.until]).any(|until| started_at <= until)
    }

    /// The latest of all.
    pub(super) fn latest(&self) -> u64 {
        self.earlier.iter().fold(self.until, |latest, (_, until)| cmp::max(latest, *until))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.until.to_be_bytes().to_vec();
        for (version, until) in &self.earlier {
            bytes.extend_from_slice(&version.number().to_be_bytes());
            bytes.extend_from_slice(&until.to_be_bytes());
        }
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (until, rest) = bytes.split_first_chunk::<TIME>()?;
        let earlier = rest.chunks(VERSION_AND_TIME).map(|pair| {
            let (version, until) = pair.split_first_chunk::<TIME>()?;
            let version = Version::from_number(i64::from_be_bytes(*version));
            Some((version, u64::from_be_bytes(until.try_into().ok()?)))
        });
        let earlier = earlier.collect::<Option<_>>()?;
        Some(Self { until: u64::from_be_bytes(*until), earlier })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEPT: usize = 3;

    fn version(number: i64) -> Version {
        Version::from_number(number)
    }

    /// The ends in this order, written as versions 1, 2, …
    fn ends(times: &[u64]) -> (Version, Ends) {
        let mut marker = None;
        for (number, until) in (1..).zip(times) {
            marker = Some((version(number), Ends::after(marker, *until, KEPT)));
        }
        marker.unwrap()
    }

    fn end(times: &[u64], started_at: u64, known: Option<i64>) -> bool {
        let (marker, ends) = ends(times);
        ends.end(started_at, marker, known.map(version))
    }

    #[test]
    fn an_end_of_an_earlier_time_does_not_end_what_began_after_a_later_one() {
        // All sessions were ended at 100, with 60 seconds for the clocks. The event is of 95.
        let times = [160, 95];
        assert!(!end(&times, 110, Some(1)));
        assert!(end(&times, 95, Some(1)), "it began before the event");
        assert!(!end(&times, 90, Some(2)));
        for known in [None, Some(7)] {
            assert!(end(&times, 110, known), "no end is known to it");
            assert!(!end(&times, 161, known));
        }
    }

    #[test]
    fn every_end_after_the_one_that_a_session_knows_counts() {
        let times = [100, 400, 200, 50];
        assert!(end(&times, 400, Some(1)));
        assert!(!end(&times, 201, Some(2)));
        assert!(end(&times, 200, Some(2)));
        assert!(!end(&times, 51, Some(3)));
        assert!(end(&times, 50, Some(3)));
    }

    #[test]
    fn one_more_end_never_ends_less() {
        let times = [50, 300, 20, 200, 10, 100, 30];
        for count in 1..times.len() {
            let (before, after) = times.split_at(count);
            for known in (0..=count as i64).map(|known| Some(known).filter(|known| *known > 0)) {
                for started_at in (0..=310).step_by(10) {
                    let is_over = end(before, started_at, known);
                    assert!(!is_over || end(&[before, &after[..1]].concat(), started_at, known));
                }
            }
        }
    }

    #[test]
    fn few_are_kept_and_the_older_ones_count_together() {
        let times = [10, 500, 20, 30, 40, 50, 60];
        let (_, ends) = ends(&times);
        assert_eq!(ends.earlier, [(version(4), 500), (version(5), 40), (version(6), 50)]);
        assert!(!end(&times, 61, Some(4)), "it is kept");
        assert!(end(&times, 61, Some(3)), "it is not kept");
        let (_, one) = (version(1), Ends::after(Some((version(7), ends)), 70, 0));
        assert_eq!(one, Ends { until: 500, earlier: Vec::new() });
    }

    #[test]
    fn they_come_back_and_so_does_a_single_time() {
        for times in [&[10][..], &[10, u64::MAX], &[40, 30, 20, 10, 0]] {
            let (_, ends) = ends(times);
            let bytes = ends.to_bytes();
            assert_eq!(Ends::from_bytes(&bytes), Some(ends.clone()));
            assert_eq!(Ends::from_bytes(&bytes[1..]), None);
        }
        let single = Ends { until: 7, earlier: Vec::new() };
        assert_eq!(Ends::from_bytes(&7_u64.to_be_bytes()), Some(single.clone()));
        assert_eq!(single.to_bytes(), 7_u64.to_be_bytes());
    }
}
