//! TODO reactor
