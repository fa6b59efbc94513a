//! Programs of the system that building and testing need.
//!
//! Root gets them installed; anybody else gets the one command to type. Tests that need an absent one skip by name.

use std::process::Command;

use anyhow::Result;

use crate::process;

/// A program and the Debian package that brings it.
pub struct Tool {
    /// The program looked for.
    pub program: &'static str,
    /// Its Debian package.
    pub package: &'static str,
    /// What is not possible without it.
    pub serves: &'static str,
}

/// All that Pavilion's build and tests call.
pub const TOOLS: [Tool; 5] = [
    Tool { program: "cc", package: "gcc", serves: "building (TLS is C)" },
    Tool { program: "c++", package: "g++", serves: "building the host (its mesh encoder is C++)" },
    Tool { program: "Xvfb", package: "xvfb", serves: "the window test" },
    Tool { program: "xdotool", package: "xdotool", serves: "the window test" },
    Tool { program: "npm", package: "npm", serves: "the glTF validator, and viewers by others" },
];

/// Installs what is missing, or says how. Returns the packages that are still missing.
pub fn provide() -> Result<Vec<&'static str>> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !process::is_installed(tool.program)).collect();
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    if process::is_installed("apt-get") && is_root() {
        let packages: Vec<_> = missing.iter().map(|tool| tool.package).collect();
        eprintln!("setup: installing {} with apt-get", packages.join(", "));
        let apt_get = || {
            let mut command = Command::new("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive").stdout(std::io::stderr());
            command
        };
        process::check(apt_get().args(["update", "-qq"]))?;
        process::check(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(&packages))?;
    } else {
        eprintln!("{}", message(&missing, process::is_installed("apt-get")));
    }
    Ok(TOOLS.iter().filter(|tool| !process::is_installed(tool.program)).map(|tool| tool.package).collect())
}

/// What is missing, what for, and the command.
fn message(missing: &[&Tool], has_apt: bool) -> String {
    let mut text = String::from("setup: this machine lacks\n");
    for tool in missing {
        text.push_str(&format!("  {:<11} for {}\n", tool.program, tool.serves));
    }
    let packages: Vec<_> = missing.iter().map(|tool| tool.package).collect();
    let packages = packages.join(" ");
    text.push_str(&if has_apt {
        format!("install with: sudo apt-get install {packages}")
    } else {
        format!("install what your system calls (in Debian's words): {packages}")
    });
    text
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_each_tool_and_gives_one_command() {
        let missing: Vec<&Tool> =
            TOOLS.iter().filter(|tool| ["xvfb", "npm"].contains(&tool.package)).collect();
        let text = message(&missing, true);
        assert!(text.contains("Xvfb        for the window test"), "{text}");
        assert_eq!(text.lines().last(), Some("install with: sudo apt-get install xvfb npm"));
        assert!(!message(&missing, false).contains("apt-get"));
    }
}
