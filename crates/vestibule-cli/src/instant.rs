//! Instants on the command line: RFC 3339 in UTC, whole seconds, as they are printed; or seconds since 1970.

use vestibule_core::Timestamp;

/// The last one whose year has four digits: what is counted from it stays far from the end of all instants.
const LAST: i64 = 253_402_300_799;

/// Reads `2027-01-31T12:00:00Z` or `1801396800`.
pub(crate) fn parse(text: &str) -> Result<Timestamp, &'static str> {
    let wrong = "an instant is written as in 2027-01-31T12:00:00Z, or in seconds since 1970";
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().ok().filter(|seconds| *seconds <= LAST);
        return seconds
            .map(Timestamp::from_unix_seconds)
            .ok_or("an instant is 9999-12-31T23:59:59Z at the latest");
    }
    let at = seconds(text).map(Timestamp::from_unix_seconds).ok_or(wrong)?;
    // What is not printed as it was read is no date: the 31st of April, the hour 25.
    if at.to_string() == text { Ok(at) } else { Err(wrong) }
}

fn seconds(text: &str) -> Option<i64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = three(date, '-')?;
    let [hour, minute, second] = three(time, ':')?;
    Some(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Three numbers of at most four digits.
fn three(text: &str, between: char) -> Option<[i64; 3]> {
    let mut parts = text.split(between).map(|part| {
        let plain = part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
        if plain { part.parse().ok() } else { None }
    });
    let three = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(three)
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar, counted in years that begin with March.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_comes_back_from_its_text() {
        for seconds in (-2_208_988_800..4_102_444_800).step_by(9_999_991) {
            let at = Timestamp::from_unix_seconds(seconds);
            assert_eq!(parse(&at.to_string()), Ok(at));
        }
        assert_eq!(parse("951782400"), parse("2000-02-29T00:00:00Z"));
        assert_eq!(parse("2000-02-29T00:00:00Z"), Ok(Timestamp::from_unix_seconds(951_782_400)));
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "+1",
            "-1",
            "99999999999999999999",
            "2027-02-29T00:00:00Z",
            "2027-04-31T00:00:00Z",
            "2027-13-01T00:00:00Z",
            "2027-01-31T24:00:00Z",
            "2027-01-31T12:00:60Z",
            "2027-1-31T12:00:00Z",
            "2027-01-31T12:00:00+01:00",
            "2027-01-31 12:00:00Z",
            "2027-01-31T12:00:00",
            "2027-01-31T-1:00:00Z",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
