//! Pavilion's chores as one command: `cargo xtask <chore>`.

fn main() {}
