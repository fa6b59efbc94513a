//! The headset runtime: which one answers, and whether a headset is there.

#![allow(unsafe_code)]

use openxr as xr;

/// A runtime that answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// As it calls itself.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The headset, if one is connected.
    pub headset: Option<String>,
}

/// Why no runtime answered.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The loader library is not installed.
    #[error("the OpenXR loader is not installed: install SteamVR or Monado to use a headset here")]
    NoLoader,
    /// The loader found no runtime, or the runtime refused.
    #[error("no OpenXR runtime answers ({0}): start SteamVR or Monado to use a headset here")]
    NoRuntime(xr::sys::Result),
}

/// Asks the active runtime who it is.
///
/// # Errors
/// When there is none, or it does not answer.
pub fn runtime() -> Result<Runtime, RuntimeError> {
    // SAFETY: the library that the system's search path gives is the OpenXR loader; that it keeps to
    // the OpenXR calling convention is what its name stands for.
    let entry = unsafe { xr::Entry::load(&()) }.map_err(|_| RuntimeError::NoLoader)?;
    let application = xr::ApplicationInfo {
        application_name: "Pavilion",
        application_version: 1,
        engine_name: "Pavilion",
        engine_version: 1,
        api_version: xr::Version::new(1, 0, 0),
    };
    let instance = entry
        .create_instance(&application, &xr::ExtensionSet::default(), &[], &())
        .map_err(RuntimeError::NoRuntime)?;
    let facts = instance.properties().map_err(RuntimeError::NoRuntime)?;
    let headset = instance
        .system(xr::FormFactor::HEAD_MOUNTED_DISPLAY)
        .and_then(|system| instance.system_properties(system))
        .ok()
        .map(|system| system.system_name);
    Ok(Runtime { name: facts.runtime_name, version: facts.runtime_version.to_string(), headset })
}
