//! One run of a scenario: starts its servers and its runners, hands back what they record and a handle.
