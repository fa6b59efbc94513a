//! The `pavilion` command.

fn main() {}
