//! Times as Logto writes them in JSON: `2026-11-27T23:47:03.286Z`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time of this form from 1970 to 9999, to the millisecond.
pub(super) fn parse(time: &str) -> Option<SystemTime> {
    let (date, rest) = time.split_once('T')?;
    let clock = rest.strip_suffix('Z')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut date = date.split('-');
    let (year, month, day) =
        (number(date.next()?, 4)?, number(date.next()?, 2)?, number(date.next()?, 2)?);
    let mut clock = clock.split(':');
    let (hour, minute, second) =
        (number(clock.next()?, 2)?, number(clock.next()?, 2)?, number(clock.next()?, 2)?);
    let is_right = year >= 1970
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60
        && date.next().is_none()
        && clock.next().is_none();
    if !is_right || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let fraction: String = fraction.chars().chain("00".chars()).take(3).collect();
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(UNIX_EPOCH + Duration::from_millis(seconds * 1000 + number(&fraction, 3)?))
}

fn number(digits: &str, length: usize) -> Option<u64> {
    let is_number = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1 January 1970.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let years: u64 = (1970..year).map(|year| 365 + u64::from(is_leap(year))).sum();
    let months: u64 = (1..month).map(|month| days_in(year, month)).sum();
    years + months + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_to_the_millisecond() {
        for (time, expected) in [
            ("1970-01-01T00:00:00.000Z", Some(0)),
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T23:59:59.999Z", Some(951_868_799_999)),
            ("2026-11-27T23:47:33.773Z", Some(1_795_823_253_773)),
            ("2026-11-27T23:47:33.7Z", Some(1_795_823_253_700)),
            ("2026-11-27T23:47:33.773123Z", Some(1_795_823_253_773)),
            ("2026-02-29T00:00:00.000Z", None),
            ("2026-13-01T00:00:00.000Z", None),
            ("2026-11-27T24:00:00.000Z", None),
            ("2026-11-27T23:47:33.773", None),
            ("2026-11-27T23:47:33.773+00:00", None),
            ("2026-11-27 23:47:33.773Z", None),
            ("1969-12-31T23:59:59.000Z", None),
            ("+026-11-27T23:47:33.773Z", None),
            ("2026-11-27T23:47:33.Z", None),
            ("2026-11-27T23:47:33.7é3Z", None),
            ("", None),
        ] {
            let expected = expected.map(|millis| UNIX_EPOCH + Duration::from_millis(millis));
            assert_eq!(parse(time), expected, "{time}");
        }
    }
}
