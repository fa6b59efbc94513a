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
    ExitCode::from(code(error))
}

/// 3 where the machine is at fault, else 1.
pub fn code(error: &anyhow::Error) -> u8 {
    // Asked of the error itself and not of its chain alone: the chain hides what was given as context.
    let is_environment = error.is::<Environment>() || error.chain().any(|cause| cause.is::<Environment>());
    if is_environment { 3 } else { 1 }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context, anyhow};

    use super::*;

    #[test]
    fn a_fault_of_the_machine_is_3_wherever_it_stands_in_the_error() {
        let fault = || Environment("no network".into());
        assert_eq!(code(&fault().into()), 3);
        assert_eq!(code(&anyhow::Error::from(fault()).context("while fetching")), 3);
        let under: anyhow::Result<()> = Err(anyhow!("apt failed")).context(fault());
        assert_eq!(code(&under.expect_err("a fault")), 3);
        let deep: anyhow::Result<()> = Err(anyhow!("apt failed")).context(fault()).context("setup");
        assert_eq!(code(&deep.expect_err("a fault")), 3);
        assert_eq!(code(&anyhow!("a bug")), 1);
    }
}
