//! What the headset's own meters say of the GPU's time for our frames (`XR_META_performance_metrics`).
//!
//! Read from the standard, and never seen to answer: no runtime here has these meters.

use openxr as xr;
use xr::sys;

/// GPU time of the app's last frame.
const GPU_FRAME: &str = "/perfmetrics_meta/app/gpu_frametime";

/// The meter, switched on.
pub(super) struct Metrics {
    gpu_frame: xr::Path,
    last_millis: f32,
}

impl Metrics {
    /// Switches the meters on; `None` where there are none.
    pub fn new(session: &xr::Session<xr::Vulkan>) -> Option<Self> {
        let meters = session.instance().exts().meta_performance_metrics.as_ref()?;
        let gpu_frame = session.instance().string_to_path(GPU_FRAME).ok()?;
        let state = sys::PerformanceMetricsStateMETA {
            ty: sys::PerformanceMetricsStateMETA::TYPE,
            next: std::ptr::null(),
            enabled: sys::TRUE,
        };
        // SAFETY: the session is alive, the extension is enabled, and the state outlives the call.
        let result = unsafe { (meters.set_performance_metrics_state)(session.as_raw(), &state) };
        tracing::debug!("asked the headset to meter our frames: {result}");
        (result == sys::Result::SUCCESS).then_some(Self { gpu_frame, last_millis: f32::NAN })
    }

    /// What the GPU took for a frame, milliseconds, if that is news.
    pub fn gpu_millis(&mut self, session: &xr::Session<xr::Vulkan>) -> Option<f32> {
        let meters = session.instance().exts().meta_performance_metrics.as_ref()?;
        let mut counter = EMPTY;
        // SAFETY: the session is alive, the extension is enabled, and the counter outlives the call.
        let result = unsafe {
            (meters.query_performance_metrics_counter)(session.as_raw(), self.gpu_frame, &mut counter)
        };
        let millis = if result == sys::Result::SUCCESS { millis(&counter) } else { None };
        self.news(millis)
    }

    /// A meter that is read more often than it measures says the same again: that is nothing new of this frame.
    fn news(&mut self, millis: Option<f32>) -> Option<f32> {
        let millis = millis?;
        (std::mem::replace(&mut self.last_millis, millis) != millis).then_some(millis)
    }
}

const EMPTY: sys::PerformanceMetricsCounterMETA = sys::PerformanceMetricsCounterMETA {
    ty: sys::PerformanceMetricsCounterMETA::TYPE,
    next: std::ptr::null(),
    counter_flags: sys::PerformanceMetricsCounterFlagsMETA::EMPTY,
    counter_unit: sys::PerformanceMetricsCounterUnitMETA::GENERIC,
    uint_value: 0,
    float_value: 0.0,
};

/// What a counter says, if it says milliseconds.
fn millis(counter: &sys::PerformanceMetricsCounterMETA) -> Option<f32> {
    let is_told = counter.counter_flags.contains(sys::PerformanceMetricsCounterFlagsMETA::FLOAT_VALUE_VALID);
    let is_time = counter.counter_unit == sys::PerformanceMetricsCounterUnitMETA::MILLISECONDS;
    let is_sound = counter.float_value.is_finite() && counter.float_value > 0.0;
    (is_told && is_time && is_sound).then_some(counter.float_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_milliseconds_that_are_valid_and_new_count() {
        let told = sys::PerformanceMetricsCounterMETA {
            counter_flags: sys::PerformanceMetricsCounterFlagsMETA::ANY_VALUE_VALID
                | sys::PerformanceMetricsCounterFlagsMETA::FLOAT_VALUE_VALID,
            counter_unit: sys::PerformanceMetricsCounterUnitMETA::MILLISECONDS,
            float_value: 9.5,
            ..EMPTY
        };
        assert_eq!(millis(&told), Some(9.5));
        assert_eq!(millis(&EMPTY), None);
        let percent = sys::PerformanceMetricsCounterUnitMETA::PERCENTAGE;
        assert_eq!(millis(&sys::PerformanceMetricsCounterMETA { counter_unit: percent, ..told }), None);
        assert_eq!(millis(&sys::PerformanceMetricsCounterMETA { float_value: f32::NAN, ..told }), None);
        let mut metrics = Metrics { gpu_frame: xr::Path::NULL, last_millis: f32::NAN };
        let readings = [Some(9.5), Some(9.5), None, Some(9.6), Some(9.5)];
        assert_eq!(
            readings.map(|reading| metrics.news(reading)),
            [Some(9.5), None, None, Some(9.6), Some(9.5)]
        );
    }
}
