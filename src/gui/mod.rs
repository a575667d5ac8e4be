//! TODO gui
