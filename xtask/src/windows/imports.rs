//! Which libraries a Windows program may import: those that every Windows 10 and 11 has.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::pe;

/// Vulkan's and OpenXR's loaders are not among them: they are opened at run time, because not everybody has them.
const OF_WINDOWS: [&str; 26] = [
    "advapi32.dll",
    "api-ms-win-core-synch-l1-2-0.dll",
    "api-ms-win-core-winrt-error-l1-1-0.dll",
    "bcrypt.dll",
    "bcryptprimitives.dll",
    "combase.dll",
    "crypt32.dll",
    "dwmapi.dll",
    "dxgi.dll",
    "gdi32.dll",
    "imm32.dll",
    "iphlpapi.dll",
    "kernel32.dll",
    "mmdevapi.dll",
    "msvcrt.dll",
    "ntdll.dll",
    "ole32.dll",
    "oleaut32.dll",
    "opengl32.dll",
    "propsys.dll",
    "rpcrt4.dll",
    "shell32.dll",
    "user32.dll",
    "userenv.dll",
    "uxtheme.dll",
    "ws2_32.dll",
];

/// Says what the program imports.
///
/// # Errors
/// When it imports a library that not every Windows has.
pub fn check(program: &[u8]) -> Result<String> {
    let imports = pe::imports(program)?;
    let strangers = strangers(&imports);
    if !strangers.is_empty() {
        bail!(
            "pavilion.exe imports {}, which not every Windows has: link it statically or open it at run time",
            strangers.join(" and ")
        );
    }
    Ok(format!("{} libraries, all of Windows itself", imports.len()))
}

fn strangers(imports: &BTreeSet<String>) -> Vec<&str> {
    imports.iter().map(String::as_str).filter(|name| !OF_WINDOWS.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_compiler_brings_is_no_part_of_windows() {
        let names =
            ["kernel32.dll", "libstdc++-6.dll", "libgcc_s_seh-1.dll", "libwinpthread-1.dll", "vulkan-1.dll"];
        let imports = names.map(str::to_owned).into();
        assert_eq!(
            strangers(&imports),
            ["libgcc_s_seh-1.dll", "libstdc++-6.dll", "libwinpthread-1.dll", "vulkan-1.dll"]
        );
    }
}
