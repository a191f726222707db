//! How fast Google is asked, and what is asked again.
//!
//! Google counts reads per minute, project and region (600 in a project of 2026, 3,000 in older ones), so every region is a lane of its
//! own, and Secret Manager and Resource Manager are lanes too. A lane lets a burst pass, so that small projects do not wait at all, and
//! then so many calls a second; together they stay below 600 in every minute. When a server says that a quota is used up, the whole
//! lane waits as long as it says, and goes on at the rate that it grants if it tells that.
//!
//! The SDK repeats nothing itself: it would know nothing of the lanes, and it never repeats a 429.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::failure::{Failure, Kind};
use super::progress::{Progress, Step};

/// How fast and how often is asked.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many requests are in flight at once, over all servers.
    pub in_flight: usize,
    /// How many requests a lane lets pass at once before it counts them by the second.
    pub burst: u32,
    /// How many requests a second a lane lets pass from then on.
    pub per_second: f64,
    /// How often a call is tried.
    pub attempts: u32,
    /// How long one attempt may take.
    pub attempt_time: Duration,
    /// How long a call may take with all its attempts, from when its turn comes.
    pub call_time: Duration,
    /// How long to wait before the second attempt; doubled for each further one, less a random part.
    pub first_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            in_flight: 32,
            burst: 60,
            per_second: 9.0,
            attempts: 5,
            attempt_time: Duration::from_secs(15),
            call_time: Duration::from_secs(60),
            first_wait: Duration::from_millis(400),
        }
    }
}

/// The lanes of one run.
pub(crate) struct Rates<'p> {
    limits: Limits,
    in_flight: Semaphore,
    lanes: Mutex<BTreeMap<String, Lane>>,
    progress: &'p dyn Progress,
}

/// A lane by the "generic cell rate algorithm": when the last call would have passed, had all come evenly.
#[derive(Debug, Clone, Copy)]
struct Lane {
    even: Instant,
    closed_until: Instant,
    interval: Duration,
    /// How far calls may be ahead of that: the burst.
    ahead: Duration,
}

impl<'p> Rates<'p> {
    pub(crate) fn new(limits: Limits, progress: &'p dyn Progress) -> Self {
        let in_flight = Semaphore::new(limits.in_flight.max(1));
        Rates { limits, in_flight, lanes: Mutex::default(), progress }
    }

    /// Carries out a call in its turn, again where that may help.
    ///
    /// # Errors
    /// The last failure, when the call may not succeed, has been tried often enough, or has taken its time.
    pub(crate) async fn call<T, F>(&self, lane: &str, mut attempt: impl FnMut() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut deadline = None;
        let mut attempts = 0;
        loop {
            self.turn(lane).await;
            let permit = self.in_flight.acquire().await;
            // Waiting for the first turn is the fault of those before it and takes none of the call's time.
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.limits.call_time);
            let left = deadline.saturating_duration_since(Instant::now());
            attempts += 1;
            let outcome = timeout(left.min(self.limits.attempt_time), attempt()).await;
            drop(permit);
            let mut failure = match outcome {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::of(Kind::TimedOut),
            };
            failure.attempts = attempts;
            let wait = failure.wait.unwrap_or_default().max(self.back_off(attempts));
            let in_time = Instant::now() + wait < deadline;
            if failure.kind == Kind::Throttled {
                self.close(lane, wait, &failure);
            }
            // A server that is silent will hardly speak the third time, and every time costs.
            let often_enough =
                attempts >= if failure.kind == Kind::TimedOut { 2 } else { self.limits.attempts };
            if !failure.is_passing() || often_enough || !in_time {
                return Err(failure);
            }
            sleep(wait).await;
        }
    }

    /// Waits until the lane lets the next call pass.
    async fn turn(&self, lane: &str) {
        let mut turn = self.next(lane);
        loop {
            sleep_until(turn).await;
            // It may have been closed meanwhile.
            let closed_until = self.with(lane, |lane| lane.closed_until);
            if closed_until <= Instant::now() {
                return;
            }
            turn = closed_until;
        }
    }

    fn next(&self, lane: &str) -> Instant {
        self.with(lane, |lane| {
            let now = Instant::now();
            let turn = lane.even.checked_sub(lane.ahead).map_or(now, |turn| turn.max(now));
            lane.even = lane.even.max(now) + lane.interval;
            turn.max(lane.closed_until)
        })
    }

    fn close(&self, name: &str, wait: Duration, failure: &Failure) {
        let wait = wait.min(self.limits.call_time);
        let granted = failure.quota.as_ref().and_then(|quota| quota.1).filter(|granted| *granted > 0);
        self.with(name, |lane| {
            let now = Instant::now();
            lane.closed_until = lane.closed_until.max(now + wait);
            // Whoever else uses the quota leaves no room for bursts: from here on evenly.
            if !std::mem::take(&mut lane.ahead).is_zero() {
                lane.even = lane.closed_until;
            }
            if let Some(granted) = granted {
                lane.interval = lane.interval.max(Duration::from_secs(66) / granted);
            }
        });
        self.progress.report(Step::Waiting { lane: name, seconds: wait.as_secs_f64().ceil() as u64 });
    }

    fn with<R>(&self, name: &str, act: impl FnOnce(&mut Lane) -> R) -> R {
        // What is behind the lock is whole at any time.
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let interval = Duration::from_secs_f64(1.0 / self.limits.per_second.max(0.01));
        let ahead = interval * (self.limits.burst.max(1) - 1);
        let lane =
            lanes.entry(name.to_owned()).or_insert(Lane { even: now, closed_until: now, interval, ahead });
        act(lane)
    }

    /// Half of the doubled time for certain, the other half at random, so that many calls do not come back at once.
    fn back_off(&self, attempts: u32) -> Duration {
        let doubled = self.limits.first_wait * 2_u32.pow(attempts.saturating_sub(1).min(6));
        let mut random = [0; 1];
        let share = match getrandom::fill(&mut random) {
            Ok(()) => u32::from(random[0]),
            Err(_) => 128,
        };
        doubled / 2 + doubled / 512 * share
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::cell::Cell;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;
    use crate::google::progress::Silent;

    fn quick() -> Limits {
        Limits {
            first_wait: Duration::from_millis(2),
            attempt_time: Duration::from_millis(60),
            call_time: Duration::from_millis(300),
            ..Limits::default()
        }
    }

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    fn failing(rates: &Rates<'_>, failure: Failure) -> Failure {
        run(rates.call("lane", || {
            let failure = failure.clone();
            async move { Err::<(), _>(failure) }
        }))
        .unwrap_err()
    }

    #[test]
    fn what_may_pass_is_tried_again_and_what_may_not_is_not() {
        let rates = Rates::new(quick(), &Silent);
        assert_eq!(failing(&rates, Failure::of(Kind::Status(503))).attempts, 5);
        assert_eq!(failing(&rates, Failure::of(Kind::Unreachable)).attempts, 5);
        assert_eq!(failing(&rates, Failure::of(Kind::Denied)).attempts, 1);
        let tries = Cell::new(0);
        let answer = run(rates.call("lane", || {
            tries.set(tries.get() + 1);
            let third = tries.get() == 3;
            async move { if third { Ok(7) } else { Err(Failure::of(Kind::Status(503))) } }
        }));
        assert_eq!((answer, tries.get()), (Ok(7), 3));
    }

    #[test]
    fn a_silent_server_is_left_after_two_attempts() {
        let rates = Rates::new(quick(), &Silent);
        let begun = std::time::Instant::now();
        let silent = || std::future::pending::<Result<(), Failure>>();
        let failure = run(rates.call("lane", silent)).unwrap_err();
        assert_eq!((failure.kind, failure.attempts), (Kind::TimedOut, 2));
        assert!(begun.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn a_wait_longer_than_the_call_may_take_is_not_waited_for() {
        let rates = Rates::new(quick(), &Silent);
        let begun = std::time::Instant::now();
        let failure =
            failing(&rates, Failure { wait: Some(Duration::from_secs(30)), ..Failure::of(Kind::Throttled) });
        assert_eq!(failure.attempts, 1);
        assert!(begun.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn the_whole_lane_waits_as_long_as_the_server_says() {
        let rates = Rates::new(quick(), &Silent);
        let first = Cell::new(true);
        let spent = |lane: &'static str| {
            let begun = std::time::Instant::now();
            run(rates.call(lane, || async { Ok(()) })).unwrap();
            begun.elapsed()
        };
        let wait = Duration::from_millis(100);
        let throttled = Failure { wait: Some(wait), ..Failure::of(Kind::Throttled) };
        let both = async {
            let one = rates.call("slow", || {
                let outcome = if first.replace(false) { Err(throttled.clone()) } else { Ok(()) };
                async move { outcome }
            });
            let begun = std::time::Instant::now();
            let other = async {
                sleep(Duration::from_millis(10)).await;
                rates.call("slow", || async { Ok(()) }).await?;
                Ok::<_, Failure>(begun.elapsed())
            };
            let (one, other) = futures_util::join!(one, other);
            one.unwrap();
            other.unwrap()
        };
        assert!(run(both) >= wait);
        assert!(spent("other") < wait / 2);
    }

    #[test]
    fn after_the_burst_calls_come_by_the_second() {
        let limits = Limits { burst: 10, per_second: 100.0, ..Limits::default() };
        let rates = Rates::new(limits, &Silent);
        let begun = std::time::Instant::now();
        run(join_all((0..30).map(|_| rates.call("lane", || async { Ok(()) }))));
        let spent = begun.elapsed();
        assert!(spent >= Duration::from_millis(190) && spent < Duration::from_secs(2), "{spent:?}");
    }

    #[test]
    fn no_more_are_in_flight_than_may_be() {
        let limits = Limits { in_flight: 3, burst: 100, ..Limits::default() };
        let rates = Rates::new(limits, &Silent);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        run(join_all((0..20).map(|_| {
            rates.call("lane", || async {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                sleep(Duration::from_millis(2)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            })
        })));
        assert_eq!(most.load(Ordering::SeqCst), 3);
    }
}
