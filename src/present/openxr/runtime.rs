//! The headset runtime: which one answers, what it can do, and whether a headset is there.

use ash::vk;
use openxr as xr;

use super::foveation;

/// What Pavilion makes use of where a runtime has it; the first is asked for, the rest is welcome.
const NEEDED: &str = "XR_KHR_vulkan_enable2";

/// A runtime that answered, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeFacts {
    /// As it calls itself.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The headset, if one is connected.
    pub headset: Option<String>,
    /// What it can do beyond the core, by the names of the standard.
    pub extensions: Vec<String>,
    /// What of that Pavilion makes use of.
    pub used: Vec<String>,
}

/// Why there is no headset to draw to.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The loader library is not installed, or lacks something itself.
    #[error("there is no OpenXR loader ({0}): install SteamVR or Monado to use a headset here")]
    NoLoader(String),
    /// The loader found no runtime, or the runtime refused.
    #[error("no OpenXR runtime answers ({0}): start SteamVR or Monado to use a headset here")]
    NoRuntime(xr::sys::Result),
    /// There is a runtime that cannot be drawn to.
    #[error("{name} does not offer {NEEDED}, and Pavilion draws with Vulkan only: update the runtime")]
    NoVulkan {
        /// The runtime.
        name: String,
    },
    /// There is a runtime without a headset.
    #[error("{name} has no headset ({reason}): connect it, switch it on, and try again")]
    NoHeadset {
        /// The runtime.
        name: String,
        /// What it said.
        reason: xr::sys::Result,
    },
}

/// A connection to the active runtime. Clones share it.
#[derive(Clone)]
pub struct Runtime {
    pub(super) instance: xr::Instance,
    facts: RuntimeFacts,
    system: Result<xr::SystemId, xr::sys::Result>,
}

impl Runtime {
    /// Connects to the active runtime, with or without a headset.
    ///
    /// # Errors
    /// When there is none, it does not answer, or it cannot be drawn to with Vulkan.
    pub fn connect() -> Result<Self, RuntimeError> {
        let platform = &platform();
        #[cfg(feature = "xr-static")]
        let entry = xr::Entry::linked(platform).map_err(RuntimeError::NoRuntime)?;
        // SAFETY: the library that the system's search path gives is the OpenXR loader; that it keeps
        // to the OpenXR calling convention is what its name stands for.
        #[cfg(not(feature = "xr-static"))]
        let entry = unsafe { xr::Entry::load(platform) }.map_err(|error| match error {
            xr::EntryError::Load(error) => RuntimeError::NoLoader(error.to_string()),
            xr::EntryError::Xr(error) => RuntimeError::NoRuntime(error),
        })?;
        Self::behind(&entry)
    }

    /// Connects to the runtime that this loader has found.
    pub(super) fn behind(entry: &xr::Entry) -> Result<Self, RuntimeError> {
        let offered = entry.enumerate_extensions().map_err(RuntimeError::NoRuntime)?;
        let application = xr::ApplicationInfo {
            application_name: "Pavilion",
            application_version: 1,
            engine_name: "Pavilion",
            engine_version: 1,
            api_version: xr::Version::new(1, 0, 0),
        };
        let wished = wished(&offered);
        let instance = entry
            .create_instance(&application, &wished, &[], &platform())
            .map_err(RuntimeError::NoRuntime)?;
        let properties = instance.properties().map_err(RuntimeError::NoRuntime)?;
        if !offered.khr_vulkan_enable2 {
            return Err(RuntimeError::NoVulkan { name: properties.runtime_name });
        }
        let system = instance.system(xr::FormFactor::HEAD_MOUNTED_DISPLAY);
        let headset = system.and_then(|system| instance.system_properties(system)).ok();
        let text = |name: &&[u8]| String::from_utf8_lossy(name).trim_end_matches('\0').to_owned();
        let facts = RuntimeFacts {
            name: properties.runtime_name,
            version: properties.runtime_version.to_string(),
            headset: headset.map(|system| system.system_name),
            extensions: offered.names().iter().map(text).collect(),
            used: wished.names().iter().map(text).collect(),
        };
        Ok(Self { instance, facts, system })
    }

    /// Who it is.
    pub fn facts(&self) -> &RuntimeFacts {
        &self.facts
    }

    /// The format of the maps by which its headset's pictures are shaded less where nobody sees it; `None` where it
    /// has no such maps.
    pub fn density_map(&self) -> Option<vk::Format> {
        foveation::is_offered(&self.instance).then_some(foveation::MAP_FORMAT)
    }

    /// The headset.
    pub(super) fn system(&self) -> Result<xr::SystemId, RuntimeError> {
        self.system.map_err(|reason| RuntimeError::NoHeadset { name: self.facts.name.clone(), reason })
    }
}

/// Of what the runtime offers, what we ask for.
fn wished(offered: &xr::ExtensionSet) -> xr::ExtensionSet {
    let mut wished = xr::ExtensionSet::default();
    wished.khr_vulkan_enable2 = offered.khr_vulkan_enable2;
    wished.ext_local_floor = offered.ext_local_floor;
    super::actions::wish(&mut wished, offered);
    foveation::wish(&mut wished, offered);
    wished.khr_visibility_mask = offered.khr_visibility_mask;
    wished.ext_user_presence = offered.ext_user_presence;
    wished.ext_performance_settings = offered.ext_performance_settings;
    wished.meta_performance_metrics = offered.meta_performance_metrics;
    wished.fb_display_refresh_rate = offered.fb_display_refresh_rate;
    #[cfg(target_os = "android")]
    {
        wished.khr_android_create_instance = true;
    }
    wished
}

/// What the loader must know of this system.
#[cfg(not(target_os = "android"))]
fn platform() {}

/// What the loader must know of this system: the app's virtual machine and activity.
#[cfg(target_os = "android")]
fn platform() -> xr::AndroidPlatformInfo {
    use std::ptr::null_mut;
    let activity = crate::present::android::activity();
    let [vm, context] =
        activity.as_ref().map_or([null_mut(); 2], |it| [it.vm_as_ptr(), it.activity_as_ptr()]);
    // SAFETY: both are the system's, which has set them before our code began and keeps them as long as the activity
    // is there; nulls, where no activity has started us, the loader refuses.
    unsafe { xr::AndroidPlatformInfo::new(vm, context) }
}
