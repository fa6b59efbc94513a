//! Pavilion.
