//! Medians and spreads of a few rounds.

/// The middle of the values and their ends.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Spread {
    /// The median; of an even number of values, the mean of the two in the middle.
    pub median: f64,
    /// The smallest value.
    pub least: f64,
    /// The largest value.
    pub most: f64,
}

impl Spread {
    /// Reads the values. `None` when there is none.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        Self::of_sorted(&sorted(values))
    }

    /// Reads the values without the lowest and the highest tenth: of many short rounds, those in which the machine did
    /// something else.
    #[must_use]
    pub fn of_most(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values = sorted(values);
        let tenth = values.len() / 10;
        Self::of_sorted(values.get(tenth..values.len().saturating_sub(tenth))?)
    }

    fn of_sorted(values: &[f64]) -> Option<Self> {
        let upper = *values.get(values.len() / 2)?;
        let lower = *values.get(values.len().saturating_sub(1) / 2)?;
        Some(Self { median: f64::midpoint(lower, upper), least: *values.first()?, most: *values.last()? })
    }
}

/// Welch's t of two classes, without the slowest tenth of both together: beyond 4.5 in either direction they are told apart, as
/// in dudect. `None` where a class has fewer than two values left.
#[must_use]
pub fn welch_t(one: &[f64], other: &[f64]) -> Option<f64> {
    let all = sorted(one.iter().chain(other).copied());
    let cut = *all.get(all.len().saturating_sub(1) * 9 / 10)?;
    let moments = |class: &[f64]| {
        let kept: Vec<f64> = class.iter().copied().filter(|value| *value <= cut).collect();
        let count = kept.len() as f64;
        let mean = kept.iter().sum::<f64>() / count;
        let variance = kept.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (kept.len() > 1).then_some((mean, variance / count))
    };
    let ((mean, error), (other_mean, other_error)) = (moments(one)?, moments(other)?);
    Some((mean - other_mean) / (error + other_error).sqrt())
}

fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_odd_number_is_the_one_in_the_middle() {
        assert_eq!(Spread::of([9.0, 1.0, 4.0]), Some(Spread { median: 4.0, least: 1.0, most: 9.0 }));
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert_eq!(Spread::of([8.0, 1.0, 2.0, 4.0]).unwrap().median, 3.0);
    }

    #[test]
    fn most_of_the_values_are_those_between_the_tenths() {
        let values = (0..20).map(f64::from);
        assert_eq!(Spread::of_most(values), Some(Spread { median: 9.5, least: 2.0, most: 17.0 }));
    }

    #[test]
    fn two_classes_are_told_apart_by_their_means_and_not_by_their_noise() {
        let noise = |at: f64| (0..2000_u32).map(move |n| at + f64::from(n.wrapping_mul(2_654_435_761) % 100));
        let of = |at| noise(at).collect::<Vec<_>>();
        assert!(welch_t(&of(0.0), &of(0.0)).unwrap().abs() < 0.1);
        assert!(welch_t(&of(10.0), &of(0.0)).unwrap() > 4.5);
        assert!(welch_t(&of(0.0), &of(10.0)).unwrap() < -4.5);
        assert_eq!(welch_t(&[1.0], &[1.0]), None);
    }

    #[test]
    fn nothing_has_no_median() {
        assert_eq!(Spread::of([]), None);
        assert_eq!(Spread::of_most([]), None);
    }
}
