//! What ends a chore early, and the exit code that says so.

use std::fmt;
use std::process::ExitCode;

/// A fault of the machine and not of the project: exit code 3.
#[derive(Debug)]
pub struct Environment(pub String);

impl fmt::Display for Environment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Environment {}

/// A child that was the whole point of the chore ended with this code and has said why itself.
#[derive(Debug)]
pub struct ChildExit(pub u8);

impl fmt::Display for ChildExit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "it ended with exit code {}", self.0)
    }
}

impl std::error::Error for ChildExit {}

/// Prints the error as one line, unless a child has done so, and picks the exit code.
pub fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(ChildExit(code)) = error.downcast_ref() {
        return ExitCode::from(*code);
    }
    eprintln!("xtask: {error:#}");
    ExitCode::from(if error.chain().any(|cause| cause.is::<Environment>()) { 3 } else { 1 })
}
