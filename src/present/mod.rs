//! Who owns the display: a desktop window, no display at all, and (through OpenXR) a headset.
//!
//! [`Display`] is the whole boundary. The frame loop calls its functions in the order in which they
//! stand here, once a frame.

#[cfg(all(target_os = "android", feature = "xr"))]
pub mod android;
#[cfg(feature = "viewer")]
pub mod desk;
#[cfg(feature = "viewer")]
pub mod headless;
#[cfg(feature = "xr")]
pub mod openxr;
#[cfg(feature = "viewer")]
pub mod picture;
#[cfg(feature = "viewer")]
pub mod session;
#[cfg(feature = "viewer")]
pub mod steady;
#[cfg(feature = "viewer")]
pub mod tempo;
#[cfg(all(feature = "viewer", not(target_os = "android")))]
pub mod window;

#[cfg(feature = "viewer")]
mod display {
    use std::time::Duration;

    use super::Tempo;
    use crate::draw::{EyeImage, EyeTarget, Gpu, HiddenArea};
    use crate::math::ViewPair;
    use crate::rig::{Input, Person};

    /// What the display wants of the frame that begins.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Begin {
        /// A frame, so many seconds after the last one.
        Frame {
            /// Time to move things by.
            delta_seconds: f32,
        },
        /// Nothing is visible now; ask again.
        Skip,
        /// The display is gone for good.
        Leave,
    }

    /// A place to draw both eyes to.
    pub trait Display {
        /// Waits until it is time for the next frame, and gathers the input since the last.
        ///
        /// # Errors
        /// When the display failed for good.
        fn begin(&mut self, gpu: &Gpu, input: &mut Input) -> Result<Begin, PresentError>;

        /// Where the eyes will be when the frame is seen.
        fn views(&mut self, person: &Person) -> ViewPair;

        /// What of the eyes' pictures nobody sees, once whenever that changes; `None`: as it was.
        fn hidden_area(&mut self) -> Option<HiddenArea> {
            None
        }

        /// How far the display's session is: `focused` when the person sees it and what they do is meant for it.
        fn session(&self) -> &'static str {
            "focused"
        }

        /// How it goes; `None` where frames have no deadline.
        fn tempo(&self) -> Option<Tempo> {
            None
        }

        /// Goes at its slower rate from now on, or at its usual one; without effect where it has one only.
        fn go_slower(&mut self, _is_slower: bool) {}

        /// How many levels of foveated shading it has beyond none.
        fn foveation_levels(&self) -> u8 {
            0
        }

        /// Shades the edges of its pictures as coarsely as this level at most, from the next frame on.
        fn foveate(&mut self, _level: u8) {}

        /// Whether it can show a part of its pictures as if it were all.
        fn has_scales(&self) -> bool {
            false
        }

        /// Has this share of the sides of its pictures drawn, from the next frame on.
        fn scale(&mut self, _scale: f32) {}

        /// What each hand, left and right, says its will with: the OpenXR interaction profile without its
        /// prefix, such as `oculus/touch_controller`; empty where there is none.
        fn profiles(&self) -> [&'static str; 2] {
            [""; 2]
        }

        /// Lets the hand (0 left, 1 right) feel something, as strongly as 0 ..= 1; without a sound where
        /// nothing can be felt.
        fn buzz(&mut self, _hand: usize, _strength: f32, _duration: Duration) {}

        /// What the eyes are drawn to, for this frame: handles, cheap to clone.
        fn target(&self) -> EyeTarget;

        /// Adds to the frame's commands what it takes to show the target, and to keep it for
        /// [`Display::picture`] where somebody wants to.
        ///
        /// # Errors
        /// When the display failed for good.
        fn show(
            &mut self,
            gpu: &Gpu,
            encoder: &mut wgpu::CommandEncoder,
            keeps_picture: bool,
        ) -> Result<(), PresentError>;

        /// Waits until the target may be drawn to, and says where the eyes are now: the last thing before the
        /// frame's commands are submitted.
        ///
        /// # Errors
        /// When the display failed for good; the commands must not be submitted then.
        fn latch(&mut self, person: &Person) -> Result<ViewPair, PresentError> {
            Ok(self.views(person))
        }

        /// The frame's commands are submitted: shows it.
        ///
        /// # Errors
        /// When the display failed for good.
        fn end(&mut self, gpu: &Gpu) -> Result<(), PresentError>;

        /// What the eyes saw in the last frame that was kept.
        fn picture(&self) -> Option<EyeImage> {
            Some(self.target().image)
        }

        /// Whether a picture of it is worth taking with both eyes.
        fn has_two_eyes(&self) -> bool {
            false
        }

        /// What the display is called where it shows a name.
        fn set_caption(&mut self, _caption: &str) {}
    }

    /// Why a display failed.
    #[derive(Debug, thiserror::Error)]
    pub enum PresentError {
        /// There is no display to open a window on.
        #[error("no window could be opened ({reason}): start it where there is a display, or add --headless")]
        NoDisplay {
            /// What the window system said.
            reason: String,
        },
        /// The window's surface was lost and could not be made again.
        #[error("the window can no longer be drawn to ({reason}): start Pavilion again")]
        SurfaceLost {
            /// What the driver said.
            reason: String,
        },
        /// There is a headset that cannot be drawn to.
        #[error("the headset cannot be drawn to ({reason}): update its runtime, or leave out --headset")]
        NoHeadset {
            /// What is wrong with it.
            reason: String,
        },
        /// The headset's runtime failed.
        #[error("the headset's runtime stopped working ({reason}): start it again")]
        HeadsetLost {
            /// What it said.
            reason: String,
        },
        /// A picture could not be written.
        #[error("the picture {path} could not be written ({reason}): choose a folder that can be written to")]
        Picture {
            /// Where it was to go.
            path: std::path::PathBuf,
            /// What the system said.
            reason: String,
        },
    }

    impl PresentError {
        /// Whether another display of the same kind may be had in a while.
        pub fn is_passing(&self) -> bool {
            matches!(self, Self::HeadsetLost { .. })
        }

        /// The headset's runtime failed with these words.
        #[cfg(feature = "xr")]
        pub(super) fn headset_lost(reason: impl ToString) -> Self {
            Self::HeadsetLost { reason: reason.to_string() }
        }
    }
}

/// Samples a pixel of everything that is shown.
#[cfg(feature = "viewer")]
pub const SAMPLES: u32 = 4;

#[cfg(feature = "viewer")]
pub use display::{Begin, Display, PresentError};
#[cfg(feature = "viewer")]
pub use tempo::{Strain, Tempo};
