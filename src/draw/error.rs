//! Why nothing can be drawn.

/// What keeps the graphics device from being used.
#[derive(Debug, thiserror::Error)]
pub enum DrawError {
    /// No driver at all.
    #[error(
        "no Vulkan driver was found, and Pavilion draws with nothing else: \
         install your graphics card's driver, or use `cargo xtask run -- ...`, which brings a software one"
    )]
    NoAdapter,
    /// The wrong picture comes out, even if the eyes are drawn one after the other.
    #[error(
        "the driver {driver} of {name} loses the {eye} eye: \
         update it, or use `cargo xtask run -- ...`, which brings a driver that does not"
    )]
    LosesEye {
        /// The adapter.
        name: String,
        /// Its driver.
        driver: String,
        /// Which picture was wrong.
        eye: &'static str,
    },
    /// The driver refused to open the device.
    #[error("{name} could not be opened: {reason}; close other programs that use it, or update its driver")]
    DeviceRefused {
        /// The adapter.
        name: String,
        /// The driver's words.
        reason: String,
    },
    /// The window cannot be drawn into.
    #[error("the window cannot be drawn into: {reason}; `--headless` works without one")]
    SurfaceRefused {
        /// The driver's words.
        reason: String,
    },
    /// The device went away, or the picture could not be fetched.
    #[error("the picture could not be read back from the graphics device: {reason}; start again")]
    Readback {
        /// The driver's words.
        reason: String,
    },
}
