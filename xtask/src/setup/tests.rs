//! The prefix made from nothing in a temporary folder.
