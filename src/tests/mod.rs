//! Tests of the whole: how the parts hang together.

mod corpus;
