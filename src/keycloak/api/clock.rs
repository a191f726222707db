//! How far a server's clock is off, by the moment at which it says that it issued a token.
//!
//! Keycloak sends no `Date` header of its own, so `iat` of a token just fetched is its clock.

use std::time::Duration;

/// Between which two values a server's time minus this machine's lies, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    least: i64,
    most: i64,
}

impl Window {
    /// From a token with this `iat` (whole seconds, cut off) that was asked for at `before` and there at `after`, both since the epoch.
    pub(super) fn of_token(issued: i64, before: Duration, after: Duration) -> Window {
        let issued = issued.saturating_mul(1000);
        let (before, after) = (millis(before), millis(after));
        Window { least: issued - after, most: issued + 1000 - before }
    }

    /// What both allow. When they contradict each other a clock has moved between them, and the later one counts.
    pub(super) fn narrowed(self, later: Window) -> Window {
        let both = Window { least: self.least.max(later.least), most: self.most.min(later.most) };
        if both.least <= both.most { both } else { later }
    }

    /// The middle: the likeliest offset in milliseconds.
    pub fn offset_millis(self) -> i64 {
        self.least + (self.most - self.least) / 2
    }

    /// How far the offset may be wrong either way, in milliseconds.
    pub fn uncertainty_millis(self) -> i64 {
        (self.most - self.least + 1) / 2
    }
}

fn millis(moment: Duration) -> i64 {
    i64::try_from(moment.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(issued: i64, before: u64, after: u64) -> Window {
        Window::of_token(issued, Duration::from_millis(before), Duration::from_millis(after))
    }

    #[test]
    fn whole_seconds_and_the_time_of_the_call_make_the_uncertainty() {
        let exact = window(100, 100_400, 100_500);
        assert_eq!((exact.offset_millis(), exact.uncertainty_millis()), (50, 550));
        let behind = window(40, 100_400, 100_500);
        assert_eq!(behind.offset_millis(), -59_950);
    }

    #[test]
    fn each_further_token_narrows_it_unless_a_clock_moved() {
        let narrowed = window(100, 100_900, 100_950).narrowed(window(160, 160_050, 160_100));
        assert!(narrowed.uncertainty_millis() < 550, "{narrowed:?}");
        assert!(narrowed.offset_millis().abs() <= narrowed.uncertainty_millis());
        let moved = window(220, 100_000, 100_050);
        assert_eq!(narrowed.narrowed(moved), moved);
    }
}
