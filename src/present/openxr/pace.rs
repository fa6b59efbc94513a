//! The frame rate, and the clock speeds that it takes, where a headset lets us choose; and what it says of both.

use openxr as xr;

use crate::present::{Strain, Tempo};

/// Best first: 90 Hz is what Pavilion is made for, 72 what the slowest headset shows.
const WISHED_HERTZ: [f32; 4] = [90.0, 120.0, 80.0, 72.0];

/// What is asked for where the best cannot be held.
const SLOWER_HERTZ: f32 = 72.0;

/// Of the rates offered, the one to ask for.
fn choose(offered_hertz: &[f32]) -> Option<f32> {
    WISHED_HERTZ.into_iter().find_map(|wished| offered(offered_hertz, wished))
}

/// Runtimes say 89.9 as well as 90.
fn offered(offered_hertz: &[f32], wished: f32) -> Option<f32> {
    offered_hertz.iter().copied().find(|rate| (rate - wished).abs() < 0.5)
}

/// The usual rate and the slower one, where both are offered.
fn pair(offered_hertz: &[f32]) -> Option<(f32, f32)> {
    let usual = choose(offered_hertz)?;
    let slower = offered(offered_hertz, SLOWER_HERTZ)?;
    (usual > slower + 1.0).then_some((usual, slower))
}

/// What a headset offers and what we want of it.
pub(super) struct Pace {
    offered_hertz: Vec<f32>,
    is_slower: bool,
    period_seconds: f32,
    periods: f32,
    gpu_millis: Option<f32>,
    /// What it says of frames and heat, for the CPU and the GPU.
    rendering: [Strain; 2],
    heat: [Strain; 2],
}

impl Pace {
    /// Asks which rates there are.
    pub fn new(session: &xr::Session<xr::Vulkan>) -> Self {
        let has_rates = session.instance().exts().fb_display_refresh_rate.is_some();
        let told = if has_rates { session.enumerate_display_refresh_rates() } else { Ok(Vec::new()) };
        let offered_hertz = told.unwrap_or_else(|error| {
            tracing::debug!("the headset does not tell its frame rates: {error}");
            Vec::new()
        });
        let calm = [Strain::Normal; 2];
        Self {
            offered_hertz,
            is_slower: false,
            period_seconds: 0.0,
            periods: 0.0,
            gpu_millis: None,
            rendering: calm,
            heat: calm,
        }
    }

    /// Asks for the rate and for clocks that can be held. A headset forgets both when something else was in
    /// front, so this is asked each time that the session is focused. What is refused is not worth a frame.
    pub fn ask(&self, session: &xr::Session<xr::Vulkan>) {
        self.ask_rate(session);
        let Some(settings) = &session.instance().exts().ext_performance_settings else { return };
        for domain in [xr::PerfSettingsDomainEXT::CPU, xr::PerfSettingsDomainEXT::GPU] {
            let level = xr::PerfSettingsLevelEXT::SUSTAINED_HIGH;
            // SAFETY: the session is alive, and the extension is enabled: its function was loaded.
            let result =
                unsafe { (settings.perf_settings_set_performance_level)(session.as_raw(), domain, level) };
            tracing::debug!("asked the headset for sustained {domain:?}: {result}");
        }
    }

    fn ask_rate(&self, session: &xr::Session<xr::Vulkan>) {
        let rate = match pair(&self.offered_hertz).filter(|_| self.is_slower) {
            Some((_, slower)) => Some(slower),
            None => choose(&self.offered_hertz),
        };
        let Some(rate) = rate else { return tracing::debug!("the headset offers no other frame rate") };
        match session.request_display_refresh_rate(rate) {
            Ok(()) => tracing::debug!("asked the headset for {rate} Hz"),
            Err(error) => tracing::debug!("the headset refuses {rate} Hz: {error}"),
        }
    }

    /// Goes at the slower rate, or at the usual one.
    pub fn go_slower(&mut self, session: &xr::Session<xr::Vulkan>, is_slower: bool) {
        if std::mem::replace(&mut self.is_slower, is_slower) != is_slower {
            self.ask_rate(session);
            self.forget_period();
        }
    }

    /// The runtime waits for frames at this distance. Monado tells a multiple of the display's period to who is
    /// late, who would then be in time at half the rate: the shortest counts.
    pub fn waited(&mut self, period: xr::Duration) {
        self.period_seconds = shorter(self.period_seconds, period.as_nanos() as f32 * 1e-9);
    }

    /// The display goes at another rate from now on.
    pub fn forget_period(&mut self) {
        self.period_seconds = 0.0;
    }

    /// A frame is seen so long after the last one, and the GPU took so long for one of late, if that is known.
    pub fn drew(&mut self, delta_nanos: i64, gpu_millis: Option<f32>) {
        self.gpu_millis = gpu_millis;
        self.periods = Tempo::of(self.period_seconds, delta_nanos as f32 * 1e-9).periods;
    }

    /// The runtime says that something has got better or worse.
    pub fn hear(&mut self, told: xr::PerfSettingsEXT<'_>) {
        let domain = usize::from(told.domain() == xr::PerfSettingsDomainEXT::GPU);
        let strain = strain(told.to_level());
        let is_heat = told.sub_domain() == xr::PerfSettingsSubDomainEXT::THERMAL;
        let kept = if is_heat { &mut self.heat } else { &mut self.rendering };
        kept[domain] = strain;
        tracing::debug!("the headset says of {:?}, {:?}: {strain:?}", told.domain(), told.sub_domain());
    }

    /// How the headset goes; `None` before its first frame.
    pub fn tempo(&self) -> Option<Tempo> {
        let worst = |strains: [Strain; 2]| strains[0].max(strains[1]);
        (self.period_seconds > 0.0).then(|| Tempo {
            period_seconds: self.period_seconds,
            periods: self.periods,
            gpu_millis: self.gpu_millis,
            slower: pair(&self.offered_hertz).map(|(usual, slower)| usual / slower),
            rendering: worst(self.rendering),
            heat: worst(self.heat),
        })
    }
}

/// Of two periods the shorter that is one.
fn shorter(known_seconds: f32, told_seconds: f32) -> f32 {
    let is_better = told_seconds > 0.0 && (known_seconds <= 0.0 || told_seconds < known_seconds);
    if is_better { told_seconds } else { known_seconds }
}

fn strain(level: xr::PerfSettingsNotificationLevelEXT) -> Strain {
    match level {
        xr::PerfSettingsNotificationLevelEXT::WARNING => Strain::Warning,
        xr::PerfSettingsNotificationLevelEXT::IMPAIRED => Strain::Impaired,
        _ => Strain::Normal,
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

    #[test]
    fn seventy_two_is_slower_only_where_there_is_a_faster_one() {
        assert_eq!(pair(&[72.0, 90.0]), Some((90.0, 72.0)));
        assert_eq!(pair(&[72.0, 120.0]), Some((120.0, 72.0)));
        assert_eq!(pair(&[60.0, 72.0]), None);
        assert_eq!(pair(&[90.0]), None);
        assert_eq!(pair(&[]), None);
    }

    #[test]
    fn who_is_told_to_go_at_half_the_rate_is_still_late() {
        let (full, half) = (1.0 / 90.0, 2.0 / 90.0);
        assert_eq!(shorter(0.0, half), half);
        assert_eq!(shorter(half, full), full);
        assert_eq!(shorter(full, half), full);
        assert_eq!([shorter(full, 0.0), shorter(full, -1.0), shorter(full, f32::NAN)], [full; 3]);
    }

    #[test]
    fn what_the_runtime_says_is_heard_as_it_is_meant() {
        assert_eq!(strain(xr::PerfSettingsNotificationLevelEXT::NORMAL), Strain::Normal);
        assert_eq!(strain(xr::PerfSettingsNotificationLevelEXT::WARNING), Strain::Warning);
        assert_eq!(strain(xr::PerfSettingsNotificationLevelEXT::IMPAIRED), Strain::Impaired);
    }
}
