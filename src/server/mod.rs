//! TODO server
