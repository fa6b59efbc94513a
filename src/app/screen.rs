//! The display with what is drawn with and the GPU under both: made together, and lost together.

use super::Failure;
use super::cli::ViewArgs;
use super::pipelines::PipelineFile;
use crate::draw::{Gpu, GpuOptions, Renderer, RendererOptions};
#[cfg(not(target_os = "android"))]
use crate::present::window::{Mirrored, OpenWindow};
use crate::present::{Display, SAMPLES, headless::Headless};

/// Pixels of an eye when there is no window to say.
const HEADLESS_SIZE: (u32, u32) = (640, 640);

/// The content of a new window, pixels.
#[cfg(not(target_os = "android"))]
const WINDOW_SIZE: (u32, u32) = (1280, 720);

/// See the module.
pub struct Screen {
    // In the order in which they are dropped: what hangs on something goes before it.
    /// Draws.
    pub renderer: Renderer,
    /// Shows what was drawn.
    pub display: Box<dyn Display>,
    /// Does the work.
    pub gpu: Gpu,
    pipelines: PipelineFile,
}

impl Screen {
    /// The display that was asked for.
    ///
    /// # Errors
    /// Where there is no such display, or nothing can be drawn on it.
    pub fn open(arguments: &ViewArgs) -> Result<Self, Failure> {
        let options = GpuOptions {
            validates: arguments.validate,
            records: arguments.validate,
            lacks_multiview: arguments.two_passes,
            ..GpuOptions::default()
        };
        let (mut gpu, display) = open_display(arguments, options)?;
        let display = with_onlookers(arguments, display, &gpu)?;
        let options = RendererOptions { samples: SAMPLES, is_deterministic: arguments.is_unattended() };
        let pipelines = PipelineFile::recall(&mut gpu);
        Ok(Self { renderer: Renderer::new(&gpu, options), display, gpu, pipelines })
    }

    /// Keeps what the driver remembers of pipelines for the next visit, as soon as all are made.
    pub fn keep_pipelines(&mut self) {
        if let Some(memory) = self.renderer.take_memory() {
            self.pipelines.keep(memory);
        }
    }
}

fn open_display(arguments: &ViewArgs, options: GpuOptions) -> Result<(Gpu, Box<dyn Display>), Failure> {
    if arguments.headless {
        let gpu = Gpu::open(options).map_err(Failure::environment)?;
        let (width, height) = arguments.size.unwrap_or(HEADLESS_SIZE);
        let display = Headless::new(&gpu, [width, height]);
        return Ok((gpu, Box::new(display)));
    }
    #[cfg(feature = "xr")]
    if arguments.headset {
        return open_headset(arguments, options);
    }
    open_window(arguments, options)
}

/// Opens a window for onlookers beside a headset: always where it was asked for, else where there may be
/// onlookers and a window is to be had.
#[cfg(not(target_os = "android"))]
fn with_onlookers(
    arguments: &ViewArgs,
    display: Box<dyn Display>,
    gpu: &Gpu,
) -> Result<Box<dyn Display>, Failure> {
    let is_likely = arguments.is_for_headset() && !arguments.is_unattended() && !arguments.no_mirror;
    let has_window = !arguments.headless && !arguments.is_for_headset();
    if has_window || !(arguments.mirror || is_likely) {
        return Ok(display);
    }
    match Mirrored::open(display, gpu) {
        Ok(mirrored) => Ok(Box::new(mirrored)),
        Err((_, error)) if arguments.mirror => Err(Failure::environment(error)),
        Err((display, error)) => {
            tracing::info!("no window for onlookers: {error}");
            Ok(display)
        }
    }
}

#[cfg(target_os = "android")]
fn with_onlookers(_: &ViewArgs, display: Box<dyn Display>, _: &Gpu) -> Result<Box<dyn Display>, Failure> {
    Ok(display)
}

#[cfg(not(target_os = "android"))]
fn open_window(arguments: &ViewArgs, options: GpuOptions) -> Result<(Gpu, Box<dyn Display>), Failure> {
    let failure = |error: crate::present::PresentError| Failure::environment(error);
    let (width, height) = arguments.size.unwrap_or(WINDOW_SIZE);
    let window = OpenWindow::open("Pavilion", width, height).map_err(failure)?;
    let (gpu, surface) = Gpu::open_for_window(options, window.handle()).map_err(Failure::environment)?;
    let window = window.attach(&gpu, surface).map_err(failure)?;
    Ok((gpu, Box::new(window)))
}

#[cfg(target_os = "android")]
fn open_window(_: &ViewArgs, _: GpuOptions) -> Result<(Gpu, Box<dyn Display>), Failure> {
    Err(Failure::usage("this system has no windows: add --headset or --headless"))
}

#[cfg(feature = "xr")]
fn open_headset(arguments: &ViewArgs, options: GpuOptions) -> Result<(Gpu, Box<dyn Display>), Failure> {
    use crate::present::openxr::{Headset, Maker, Runtime};
    let runtime = Runtime::connect().map_err(Failure::environment)?;
    tracing::info!("headset: {} {}", runtime.facts().name, runtime.facts().version);
    let mut maker = Maker::new(&runtime).map_err(Failure::environment)?;
    let options = GpuOptions { density_map: runtime.density_map(), ..options };
    let gpu = Gpu::open_for_headset(options, &mut maker).map_err(Failure::environment)?;
    let size = arguments.size.map(|(width, height)| [width, height]);
    let headset = Headset::open(&maker, &gpu, size).map_err(Failure::environment)?;
    Ok((gpu, Box::new(headset)))
}
