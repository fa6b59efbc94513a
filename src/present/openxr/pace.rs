//! The frame rate, and the clock speeds that it takes, where a headset lets us choose.

use openxr as xr;

/// Best first: 90 Hz is what Pavilion is made for, 72 what the slowest headset shows.
const WISHED_HERTZ: [f32; 4] = [90.0, 120.0, 80.0, 72.0];

/// Of the rates offered, the one to ask for.
pub(super) fn choose(offered_hertz: &[f32]) -> Option<f32> {
    // Runtimes say 89.9 as well as 90.
    let offered = |wished: f32| offered_hertz.iter().copied().find(|rate| (rate - wished).abs() < 0.5);
    WISHED_HERTZ.into_iter().find_map(offered)
}

/// Asks for the rate and for clocks that can be held. A headset forgets both when something else was in
/// front, so this is asked each time that the session is focused. What is refused is not worth a frame.
pub(super) fn ask(session: &xr::Session<xr::Vulkan>) {
    let extensions = session.instance().exts();
    if extensions.fb_display_refresh_rate.is_some() {
        match session.enumerate_display_refresh_rates().map(|offered| choose(&offered)) {
            Ok(Some(rate)) => match session.request_display_refresh_rate(rate) {
                Ok(()) => tracing::debug!("asked the headset for {rate} Hz"),
                Err(error) => tracing::debug!("the headset refuses {rate} Hz: {error}"),
            },
            Ok(None) => tracing::debug!("the headset offers no other frame rate"),
            Err(error) => tracing::debug!("the headset does not tell its frame rates: {error}"),
        }
    }
    if let Some(settings) = &extensions.ext_performance_settings {
        for domain in [xr::PerfSettingsDomainEXT::CPU, xr::PerfSettingsDomainEXT::GPU] {
            let level = xr::PerfSettingsLevelEXT::SUSTAINED_HIGH;
            // SAFETY: the session is alive, and the extension is enabled: its function was loaded.
            let result =
                unsafe { (settings.perf_settings_set_performance_level)(session.as_raw(), domain, level) };
            tracing::debug!("asked the headset for sustained {domain:?}: {result}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ninety_comes_first_and_what_nobody_wants_is_not_asked_for() {
        assert_eq!(choose(&[60.0, 72.0, 80.0, 90.0, 120.0]), Some(90.0));
        assert_eq!(choose(&[60.0, 72.0, 120.0]), Some(120.0));
        assert_eq!(choose(&[60.0, 71.9]), Some(71.9));
        assert_eq!(choose(&[60.0, f32::NAN]), None);
        assert_eq!(choose(&[]), None);
    }
}
