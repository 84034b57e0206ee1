//! Arithmetic whose results are always finite: what is beyond float8 becomes its greatest number.

/// Neither infinite nor -0, which would show in SQL. NaN does not occur: there is no infinity to make one of.
pub fn finite(value: f64) -> f64 {
    value.clamp(-f64::MAX, f64::MAX) + 0.0
}

/// In the order given.
pub fn total(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |sum, value| finite(sum + finite(value)))
}

/// The least and the greatest; `None` of nothing.
pub fn extremes(values: &[f64]) -> Option<(f64, f64)> {
    let first = *values.first()?;
    Some(values.iter().fold((first, first), |(low, high), &value| (low.min(value), high.max(value))))
}

/// How far `value` is from `low` on the way to `high`, which must differ; 0 at `low`, 1 at `high`.
pub fn share(value: f64, low: f64, high: f64) -> f64 {
    let width = high - low;
    if width.is_finite() {
        return finite((value - low) / width);
    }
    // The width of numbers near both ends of float8 does not fit it, that of their quarters does.
    finite((value / 4.0 - low / 4.0) / (high / 4.0 - low / 4.0))
}
