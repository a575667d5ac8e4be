//! Curves over the same stretch of time as the timeline.

pub mod loop_lag;
