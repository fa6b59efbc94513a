//! WASAPI and AAudio, through cpal: the system's own thread asks for samples, ours waits for it to fail.
//!
//! The system is asked for 48 kHz in stereo whatever the output is: both convert by themselves.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use bytemuck::cast_slice_mut;
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{BufferSize, Device, Error, ErrorKind, OutputCallbackInfo, StreamConfig};

use super::{Choice, DeviceError, NAP, Status};
use crate::audio::Mixer;
use crate::scene::sound::SAMPLE_RATE_HZ;

const CONFIG: StreamConfig =
    StreamConfig { channels: 2, sample_rate: SAMPLE_RATE_HZ, buffer_size: BufferSize::Default };

/// The system's default output.
pub struct Output {
    /// Only one stream at a time takes it, so that its callback never waits: the lock moves it from a
    /// stream that is gone to the next one.
    mixer: Arc<Mutex<Mixer>>,
}

impl Output {
    pub fn new(mixer: Mixer, _: Choice) -> Self {
        Self { mixer: Arc::new(Mutex::new(mixer)) }
    }

    /// Plays until the thread is to end.
    pub fn play(&mut self, status: &Status) -> Result<(), DeviceError> {
        let device = device()?;
        // The first failure ends the stream; what comes after it is dropped.
        let (failed, failures) = sync_channel::<Error>(1);
        let mixer = Arc::clone(&self.mixer);
        let fill = move |values: &mut [f32], _: &OutputCallbackInfo| {
            let (pairs, rest) = values.as_chunks_mut::<2>();
            rest.fill(0.0);
            match mixer.try_lock() {
                Ok(mut mixer) => mixer.render(pairs),
                Err(_) => cast_slice_mut::<[f32; 2], f32>(pairs).fill(0.0),
            }
        };
        let on_error = move |error: Error| {
            // The system has moved the stream by itself, or plays on after a gap.
            let goes_on = [ErrorKind::DeviceChanged, ErrorKind::Xrun, ErrorKind::RealtimeDenied];
            if !goes_on.contains(&error.kind()) {
                let _ = failed.try_send(error);
            }
        };
        let refused = |error: Error| DeviceError::Refused(error.to_string());
        let stream = device.build_output_stream(CONFIG, fill, on_error, None).map_err(refused)?;
        stream.play().map_err(refused)?;
        status.open(&name(&device));
        while !status.is_ending() {
            match failures.recv_timeout(NAP) {
                Ok(error) => return Err(DeviceError::Lost(error.to_string())),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(DeviceError::Lost("the system has closed it".to_owned()));
                }
            }
        }
        Ok(())
    }

    pub fn skip(&mut self, frames: u64) {
        self.mixer.lock().unwrap_or_else(PoisonError::into_inner).skip(frames);
    }
}

pub fn probe(_: &Choice) -> Result<String, DeviceError> {
    let device = device()?;
    let refused = |error: Error| DeviceError::Refused(error.to_string());
    let silence = |values: &mut [f32], _: &OutputCallbackInfo| values.fill(0.0);
    let stream = device.build_output_stream(CONFIG, silence, |_| {}, None).map_err(refused)?;
    stream.play().map_err(refused)?;
    Ok(name(&device))
}

fn device() -> Result<Device, DeviceError> {
    let absent = || DeviceError::Absent("the system names no output".to_owned());
    cpal::default_host().default_output_device().ok_or_else(absent)
}

fn name(device: &Device) -> String {
    device.to_string()
}
