//! Owns the budget of restarts: whether something that panicked may begin again. Starts nothing.

use std::collections::VecDeque;

use crate::words::config::RestartPolicy;

/// What is left of a policy.
#[derive(Debug)]
pub(crate) struct RestartBudget {
    policy: RestartPolicy,
    /// When restarts were granted, in nanoseconds of the monotonic clock; never more than the policy grants.
    granted_ns: VecDeque<i64>,
}

impl RestartBudget {
    pub(crate) fn new(policy: RestartPolicy) -> Self {
        Self { policy, granted_ns: VecDeque::new() }
    }

    /// True if the policy grants a restart at `now_ns`; it is spent then.
    pub(crate) fn grant(&mut self, now_ns: i64) -> bool {
        let most = match self.policy {
            RestartPolicy::Once => 1,
            RestartPolicy::Bounded { max_restarts, within_ms } => {
                let span_ns = i64::try_from(within_ms.saturating_mul(1_000_000)).unwrap_or(i64::MAX);
                let is_old = |granted: &i64| now_ns.saturating_sub(*granted) > span_ns;
                while self.granted_ns.front().is_some_and(is_old) {
                    self.granted_ns.pop_front();
                }
                max_restarts as usize
            }
        };
        let granted = self.granted_ns.len() < most;
        if granted {
            self.granted_ns.push_back(now_ns);
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    #[test]
    fn once_means_once_for_ever() {
        let mut budget = RestartBudget::new(RestartPolicy::Once);
        assert!(budget.grant(0));
        assert!(!budget.grant(i64::MAX));
    }

    #[test]
    fn restarts_that_left_the_span_count_no_more() {
        let mut budget = RestartBudget::new(RestartPolicy::Bounded { max_restarts: 2, within_ms: 10 });
        assert!(budget.grant(0));
        assert!(budget.grant(5 * MS));
        assert!(!budget.grant(10 * MS));
        assert!(budget.grant(11 * MS));
        assert!(!budget.grant(15 * MS));
    }

    #[test]
    fn a_budget_of_none_grants_none() {
        let mut budget = RestartBudget::new(RestartPolicy::Bounded { max_restarts: 0, within_ms: u64::MAX });
        assert!(!budget.grant(0));
    }
}
