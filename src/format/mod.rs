//! TODO format
