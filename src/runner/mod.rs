//! TODO runner
