//! TODO analysis
