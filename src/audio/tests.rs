//! What comes out of the mixer, against arithmetic: the cited formulas, and decibels on paper.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_PI_2, PI, TAU};
use std::sync::Arc;

use glam::{Quat, Vec2, Vec3};

use super::{Desk, Frame, Mixer, Source, open};
use crate::math::Pose;
use crate::scene::sound::SAMPLE_RATE_HZ;
use crate::scene::{BlobId, Clip, ClipId, Samples, Sound};

const RATE: f32 = SAMPLE_RATE_HZ as f32;

/// A second of `value(seconds)`, full scale at 1.
fn samples(value: impl FnMut(f32) -> f32) -> Samples {
    let mut value = value;
    let values = (0..SAMPLE_RATE_HZ).map(|frame| (value(frame as f32 / RATE) * 32_767.0) as i16);
    Samples { channel_count: 1, values: values.collect() }
}

fn tone(hertz: f32, peak: f32) -> Samples {
    samples(|time| (time * hertz * TAU).sin() * peak)
}

fn clip(samples: &Samples) -> Clip {
    Clip {
        blob: BlobId(0),
        frame_count: samples.frame_count() as u32,
        is_stereo: samples.channel_count == 2,
        loops: true,
    }
}

/// A sound that is full up to 1 m and gone at 100 m.
fn at(position: Vec3) -> Sound {
    Sound {
        clip: ClipId(0),
        entity: None,
        position,
        gain_decibels: 0.0,
        inner_metres: 1.0,
        radius_metres: 100.0,
        is_ambient: false,
    }
}

fn source(sound: Sound, samples: &Samples) -> Source {
    Source::new(&sound, &clip(samples), samples.clone())
}

/// Two metres away, `azimuth` to the right of where a head at the origin looks.
fn around(azimuth_degrees: f32) -> Vec3 {
    let azimuth = azimuth_degrees.to_radians();
    Vec3::new(azimuth.sin(), 0.0, -azimuth.cos()) * 2.0
}

fn playing(sources: impl IntoIterator<Item = Source>) -> (Desk, Mixer) {
    let (mut desk, mixer) = open();
    for source in sources {
        desk.add(source).unwrap();
    }
    desk.listen(Pose::IDENTITY);
    (desk, mixer)
}

fn render(mixer: &mut Mixer, seconds: f32) -> Vec<Frame> {
    let mut frames = vec![[9.0; 2]; (seconds * RATE) as usize];
    mixer.render(&mut frames);
    frames
}

/// What is heard once everything has faded in.
fn settled(sources: impl IntoIterator<Item = Source>) -> Vec<Frame> {
    let (_desk, mut mixer) = playing(sources);
    render(&mut mixer, 0.2);
    render(&mut mixer, 0.5)
}

fn level(frames: &[Frame], ear: usize) -> f32 {
    (frames.iter().map(|frame| frame[ear] * frame[ear]).sum::<f32>() / frames.len() as f32).sqrt()
}

fn decibels(ratio: f32) -> f32 {
    20.0 * ratio.log10()
}

/// The head-shadow filter of Brown and Duda (1998) at a frequency, for an angle of incidence.
fn shadow(hertz: f32, incidence: f32) -> f32 {
    let alpha = 1.05 + 0.95 * (incidence * 180.0 / 150.0).cos();
    let ratio = hertz * TAU / (2.0 * 343.0 / 0.0875);
    ((1.0 + (alpha * ratio).powi(2)) / (1.0 + ratio * ratio)).sqrt()
}

#[test]
fn each_ear_is_as_loud_as_the_head_shadow_says() {
    for hertz in [300.0, 1_000.0, 3_000.0] {
        let tone = tone(hertz, 0.5);
        for azimuth in [-150.0, -90.0, -60.0, -30.0, 0.0, 20.0, 45.0, 90.0, 120.0, 180.0_f32] {
            let frames = settled([source(at(around(azimuth)), &tone)]);
            let to_right = azimuth.to_radians().sin().asin();
            let expected = [FRAC_PI_2 + to_right, FRAC_PI_2 - to_right].map(|angle| shadow(hertz, angle));
            for ear in [0, 1] {
                // 0.5 at its peak, half the pressure at two metres.
                let expected = expected[ear] * 0.25 / 2.0_f32.sqrt();
                let error = decibels(level(&frames, ear) / expected);
                assert!(error.abs() < 0.2, "{hertz} Hz at {azimuth}°, ear {ear}: off by {error} dB");
            }
        }
    }
}

/// By how many frames the left ear is behind the right one, for a sound that holds every hundredth hertz
/// from 4 to 9 kHz: by how much their cross-correlation's phase turns from one to the next.
fn lag(frames: &[Frame]) -> f32 {
    let spectrum = |hertz: f32, ear: usize| -> Vec2 {
        let turn = |at: usize| Vec2::from_angle(-TAU * (hertz * at as f32 / RATE).fract());
        frames.iter().enumerate().map(|(at, frame)| turn(at) * frame[ear]).sum()
    };
    let conjugate = |z: Vec2| Vec2::new(z.x, -z.y);
    let cross: Vec<Vec2> = (40..=90)
        .map(|hundreds| hundreds as f32 * 100.0)
        .map(|hertz| spectrum(hertz, 0).rotate(conjugate(spectrum(hertz, 1))))
        .collect();
    let turns: Vec2 = cross.windows(2).map(|pair| pair[1].rotate(conjugate(pair[0]))).sum();
    -turns.to_angle() / TAU / 100.0 * RATE
}

#[test]
fn the_far_ear_hears_it_later_by_woodworths_formula() {
    let band = samples(|time| {
        let tone =
            |hundreds: i32| (hundreds as f32 * 100.0 * time + (hundreds * hundreds) as f32 * 0.01).fract();
        (40..=90).map(|hundreds| (tone(hundreds) * TAU).sin()).sum::<f32>() * 0.05
    });
    for azimuth in [-90.0, -20.0, 0.0, 15.0, 30.0, 45.0, 60.0, 90.0_f32] {
        let lag = lag(&settled([source(at(around(azimuth)), &band)]));
        let radians = azimuth.to_radians();
        let expected = 0.0875 / 343.0 * (radians + radians.sin()) * RATE;
        // The shadow's own delay up here is half a frame at most.
        assert!((lag - expected).abs() < 0.6, "{azimuth}°: {lag} frames instead of {expected}");
    }
}

#[test]
fn twice_as_far_is_six_decibels_less_and_beyond_the_radius_is_nothing() {
    let tone = tone(200.0, 0.5);
    let loud = |metres: f32| level(&settled([source(at(Vec3::NEG_Z * metres), &tone)]), 0);
    for metres in [1.0, 2.0, 5.0, 16.0, 32.0_f32] {
        let step = decibels(loud(2.0 * metres) / loud(metres));
        assert!((step + 6.02).abs() < 0.05, "from {metres} m to twice that: {step} dB");
    }
    assert_eq!(decibels(loud(0.5) / loud(1.0)).round(), 0.0, "nearer than its inner distance it grows on");
    assert!(loud(99.0) < loud(70.0) / 100.0 && loud(100.0) == 0.0);
    let softer = Sound { gain_decibels: -12.0, ..at(Vec3::NEG_Z) };
    let step = decibels(level(&settled([source(softer, &tone)]), 0) / loud(1.0));
    assert!((step + 12.0).abs() < 0.05, "{step} dB");
}

/// The largest step from one sample to the next.
fn largest_step(frames: &[Frame]) -> f32 {
    let steps = frames.windows(2).flat_map(|pair| [0, 1].map(|ear| (pair[1][ear] - pair[0][ear]).abs()));
    steps.fold(0.0, f32::max)
}

#[test]
fn a_head_that_turns_round_in_a_tenth_of_a_second_hears_no_click() {
    let hertz = 300.0;
    let (mut desk, mut mixer) = playing([source(at(around(90.0)), &tone(hertz, 0.5))]);
    render(&mut mixer, 0.2);
    let mut frames = render(&mut mixer, 0.05);
    for pose in 1..=9 {
        let orientation = Quat::from_rotation_y(PI * pose as f32 / 9.0);
        desk.listen(Pose { orientation, ..Pose::IDENTITY });
        frames.extend(render(&mut mixer, 0.1 / 9.0));
    }
    frames.extend(render(&mut mixer, 0.1));
    // A tone steps by at most 2πf/rate of its peak; passing from one ear to the other adds its delay in
    // a third of the time and twice the level.
    let smooth = 0.25 * TAU * hertz / RATE;
    let step = largest_step(&frames);
    assert!(step < 1.5 * smooth, "{step} where a tone makes {smooth}");
    let begin = &frames[..1_000];
    let end = &frames[frames.len() - 1_000..];
    assert!(
        level(begin, 1) > level(begin, 0) && level(end, 0) > level(end, 1),
        "it is on the other side now"
    );
}

#[test]
fn a_teleport_a_beginning_an_end_and_a_pause_do_not_click() {
    let hertz = 200.0;
    let smooth = 0.5 * TAU * hertz / RATE;
    let (mut desk, mut mixer) = open();
    let key = desk.add(source(at(Vec3::NEG_Z), &tone(hertz, 0.5))).unwrap();
    desk.listen(Pose::IDENTITY);
    let mut frames = render(&mut mixer, 0.1);
    desk.listen(Pose { position: Vec3::X * 20.0, ..Pose::IDENTITY });
    frames.extend(render(&mut mixer, 0.1));
    desk.listen(Pose::IDENTITY);
    frames.extend(render(&mut mixer, 0.1));
    desk.set_mono(true);
    frames.extend(render(&mut mixer, 0.1));
    desk.set_paused(true);
    frames.extend(render(&mut mixer, 0.1));
    assert_eq!(frames.last(), Some(&[0.0; 2]));
    desk.set_paused(false);
    frames.extend(render(&mut mixer, 0.1));
    assert!(level(&frames[frames.len() - 1_000..], 0) > 0.3);
    assert!(desk.remove(key));
    frames.extend(render(&mut mixer, 0.1));
    assert_eq!(frames.last(), Some(&[0.0; 2]));
    let step = largest_step(&frames);
    assert!(step < 1.3 * smooth, "{step} where a tone makes {smooth}");
}

#[test]
fn mono_is_the_same_in_both_ears_and_as_loud() {
    let tone = tone(200.0, 0.5);
    for azimuth in [0.0, 90.0, -135.0] {
        let (desk, mut mixer) = playing([source(at(around(azimuth)), &tone)]);
        desk.set_mono(true);
        render(&mut mixer, 0.2);
        let frames = render(&mut mixer, 0.2);
        assert!(frames.iter().all(|[left, right]| left == right));
        let loud = decibels(level(&frames, 0) / (0.25 / 2.0_f32.sqrt()));
        assert!(loud.abs() < 0.1, "{azimuth}°: {loud} dB");
    }
}

#[test]
fn a_bed_is_all_around_and_fades_with_the_distance() {
    let values: Arc<[i16]> = [8_000, -4_000].repeat(4_800).into();
    let bed = Samples { channel_count: 2, values };
    let ambient = |position| Sound { is_ambient: true, radius_metres: 11.0, ..at(position) };
    let loud = |position| *settled([source(ambient(position), &bed)]).last().unwrap();
    let close = |frame: Frame, left: f32, right: f32| {
        let wanted = [left * 8_000.0 / 32_768.0, right * -4_000.0 / 32_768.0];
        assert!(frame.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-4), "{frame:?} is not {wanted:?}");
    };
    close(loud(Vec3::ZERO), 1.0, 1.0);
    close(loud(Vec3::X), 1.0, 1.0);
    // Half of the way out: 3 dB less, so that two beds which overlap are together as loud as one.
    close(loud(Vec3::X * 6.0), FRAC_1_SQRT_2, FRAC_1_SQRT_2);
    close(loud(Vec3::X * 11.0), 0.0, 0.0);
    let (desk, mut mixer) = playing([source(ambient(Vec3::ZERO), &bed)]);
    desk.set_mono(true);
    let frames = render(&mut mixer, 0.2);
    let middle = 2_000.0 / 32_768.0;
    assert!(frames.last().unwrap().iter().all(|value| (value - middle).abs() < 1e-4));
}

#[test]
fn nothing_sounds_without_sources_or_a_head() {
    assert!(settled([]).iter().all(|frame| *frame == [0.0; 2]));
    let (mut desk, mut mixer) = open();
    desk.add(source(at(Vec3::ZERO), &tone(200.0, 0.5))).unwrap();
    assert!(render(&mut mixer, 0.1).iter().all(|frame| *frame == [0.0; 2]));
    desk.listen(Pose { position: Vec3::NAN, ..Pose::IDENTITY });
    assert!(render(&mut mixer, 0.1).iter().all(|frame| *frame == [0.0; 2]));
}

#[test]
fn sixteen_are_heard_and_however_loud_they_are_it_stays_below_full_scale() {
    let tone = tone(400.0, 1.0);
    let far = Sound { gain_decibels: -30.0, ..at(Vec3::X) };
    let loud = (0..20).map(|_| Sound { gain_decibels: 12.0, ..at(Vec3::NEG_Z) });
    let all = std::iter::repeat_n(far, 20).chain(loud).map(|sound| source(sound, &tone));
    let (desk, mut mixer) = playing(all);
    let frames = render(&mut mixer, 1.0);
    assert_eq!(desk.playing(), 16);
    let peak = frames.iter().flatten().fold(0.0_f32, |peak, value| peak.max(value.abs()));
    assert!(peak <= 1.0 && peak > 0.8, "{peak}");
    // Once the gain has settled the tone is a tone again: what is limited is its level and not its shape.
    let settled = &frames[frames.len() / 2..];
    let peak = settled.iter().flatten().fold(0.0_f32, |peak, value| peak.max(value.abs()));
    assert!((level(settled, 0) / peak - 0.707).abs() < 0.02, "{} of {peak}", level(settled, 0));
}

#[test]
fn who_comes_near_takes_the_place_of_who_is_farthest() {
    let tone = tone(400.0, 0.1);
    let row = (0..20).map(|index| source(at(Vec3::X * (3.0 * index as f32)), &tone));
    let (mut desk, mut mixer) = playing(row);
    render(&mut mixer, 0.2);
    assert_eq!(desk.playing(), 16);
    let heard = |mixer: &mut Mixer| level(&render(mixer, 0.1), 1);
    let near_the_first = heard(&mut mixer);
    desk.listen(Pose { position: Vec3::X * 57.0, ..Pose::IDENTITY });
    render(&mut mixer, 0.3);
    assert_eq!(desk.playing(), 16);
    // From the other end the row is the same, mirrored.
    let error = decibels(level(&render(&mut mixer, 0.1), 0) / near_the_first);
    assert!(error.abs() < 0.5, "{error} dB");
}

#[test]
fn a_sound_that_does_not_loop_is_heard_once() {
    let beep = tone(400.0, 0.5);
    let once = Clip { loops: false, ..clip(&beep) };
    let (desk, mut mixer) = playing([Source::new(&at(Vec3::NEG_Z), &once, beep)]);
    render(&mut mixer, 0.5);
    assert_eq!(desk.playing(), 1);
    assert!(level(&render(&mut mixer, 0.4), 0) > 0.2);
    render(&mut mixer, 0.2);
    assert!(render(&mut mixer, 2.0).iter().all(|frame| *frame == [0.0; 2]));
    assert_eq!(desk.playing(), 0);
}

#[test]
fn what_is_removed_comes_back_to_be_freed_and_its_place_is_used_again() {
    let tone = tone(400.0, 0.5);
    let (mut desk, mut mixer) = playing([]);
    for _ in 0..10 {
        let keys: Vec<_> =
            (0..256).map(|_| desk.add(source(at(Vec3::NEG_Z), &tone)).expect("a free place")).collect();
        assert!(desk.add(source(at(Vec3::NEG_Z), &tone)).is_err(), "more than there may be");
        render(&mut mixer, 0.05);
        assert!(keys.into_iter().all(|key| desk.remove(key)));
        render(&mut mixer, 0.1);
        desk.listen(Pose::IDENTITY);
        assert_eq!(Arc::strong_count(&tone.values), 1, "a source was not freed");
    }
    // The same with nobody who plays.
    let key = desk.add(source(at(Vec3::NEG_Z), &tone)).unwrap();
    assert!(desk.remove(key));
    mixer.skip(480);
    desk.listen(Pose::IDENTITY);
    assert_eq!(Arc::strong_count(&tone.values), 1);
}

#[test]
fn it_is_the_same_however_many_frames_a_device_asks_for() {
    let sound = || [source(at(around(50.0)), &tone(440.0, 0.5))];
    let (_desk, mut whole) = playing(sound());
    let (_other, mut pieces) = playing(sound());
    let expected = render(&mut whole, 0.5);
    let mut frames = vec![[0.0; 2]; expected.len()];
    let mut rest = frames.as_mut_slice();
    for size in [1, 2, 127, 129, 480, 441, 7].into_iter().cycle() {
        let (now, later) = rest.split_at_mut(size.min(rest.len()));
        pieces.render(now);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    assert!(frames == expected);
}

#[cfg(feature = "viewer")]
#[test]
fn mixing_allocates_nothing() {
    let tone = tone(400.0, 0.5);
    let all: Vec<_> = (0..40).map(|index| source(at(around(index as f32 * 9.0)), &tone)).collect();
    let (mut desk, mut mixer) = playing(all);
    let mut frames = vec![[0.0; 2]; 960];
    mixer.render(&mut frames);
    let (_, allocations) = crate::tests::allocator::during(|| {
        for turn in 0..50 {
            desk.listen(Pose { orientation: Quat::from_rotation_y(turn as f32), ..Pose::IDENTITY });
            mixer.render(&mut frames);
        }
    });
    assert!(allocations.ours.is_empty() && allocations.theirs == 0, "{allocations:?}");
}

/// Not a test of speed: it prints what sixteen voices cost here.
#[test]
fn sixteen_voices_cost_little() {
    let tone = tone(400.0, 0.05);
    let all: Vec<_> = (0..16).map(|index| source(at(around(index as f32 * 22.0)), &tone)).collect();
    let (_desk, mut mixer) = playing(all);
    render(&mut mixer, 0.1);
    let started = std::time::Instant::now();
    render(&mut mixer, 2.0);
    let share = started.elapsed().as_secs_f32() / 2.0 * 100.0;
    println!(
        "sixteen voices: {share:.2} % of a core (a build without optimisation costs several times more)"
    );
    assert!(share < 100.0, "it is not mixed in time: {share} %");
}
