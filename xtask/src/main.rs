//! Pavilion's chores as one command: `cargo xtask <chore>`.

mod venue;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        Some((chore, rest)) if chore == "venue" => venue::run(rest),
        _ => anyhow::bail!("say which chore: venue"),
    }
}
