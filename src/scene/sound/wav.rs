//! WAV, as far as it is plain: PCM of 16 or 24 bits or 32-bit floats, one or two channels.
//!
//! Reads the sources that people have, and the blobs that bake makes of them, which are strangers' bytes
//! both. Writes PCM of 16 bits.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use crate::scene::{ContentError, limits};

/// A sound as numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    /// Frames a second.
    pub rate_hz: u32,
    /// 1, or 2 for left and right.
    pub channel_count: usize,
    /// Of all channels in turn; full scale is 1.
    pub values: Vec<f32>,
}

impl Wave {
    /// How many frames there are.
    pub fn frame_count(&self) -> usize {
        self.values.len() / self.channel_count.max(1)
    }

    /// How many there are once it is resampled to `rate_hz`.
    pub fn frame_count_at(&self, rate_hz: u32) -> usize {
        let (frames, from) = (self.frame_count() as u64, u64::from(self.rate_hz.max(1)));
        ((frames * u64::from(rate_hz) + from / 2) / from) as usize
    }
}

/// Rates that are read: from a telephone's to four times a studio's.
const RATES_HZ: std::ops::RangeInclusive<u32> = 8_000..=192_000;

const PCM: u16 = 1;
const FLOAT: u16 = 3;
/// The format is in a longer header, whose first two bytes of a GUID are one of the above.
const EXTENSIBLE: u16 = 0xfffe;

/// How one value of a channel is written.
#[derive(Clone, Copy)]
enum Encoding {
    Bits16,
    Bits24,
    Float,
}

struct Format {
    encoding: Encoding,
    channel_count: usize,
    rate_hz: u32,
}

/// Reads a WAV.
///
/// # Errors
/// When it is none, or of a kind that is not read, or longer than [`limits`] allow.
pub fn read(bytes: &[u8]) -> Result<Wave, ContentError> {
    ContentError::check("WAV", "bytes", bytes.len(), limits::SOUND_SOURCE_BYTES_MAX)?;
    let Some((b"RIFF", rest)) = bytes.split_first_chunk::<4>() else {
        return Err(malformed("it does not begin as a WAV does; export it as PCM WAV"));
    };
    let Some((b"WAVE", mut rest)) = rest.get(4..).unwrap_or_default().split_first_chunk::<4>() else {
        return Err(malformed("it does not begin as a WAV does; export it as PCM WAV"));
    };
    let mut format = None;
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, size @ ..] = *head;
        let size = u32::from_le_bytes(size) as usize;
        // Recorders that were cut off leave a length that is longer than the file: what is there counts.
        let body = after.get(..size).unwrap_or(after);
        match &[a, b, c, d] {
            b"fmt " => format = Some(read_format(body)?),
            b"data" => {
                let format = format.ok_or_else(|| malformed("its data come before its format"))?;
                return read_values(body, &format);
            }
            _ => {}
        }
        rest = after.get(size.saturating_add(size & 1)..).unwrap_or_default();
    }
    Err(malformed("it has no data"))
}

fn read_format(body: &[u8]) -> Result<Format, ContentError> {
    let word = |at: usize| {
        let bytes = body.get(at..at + 2).and_then(|bytes| <[u8; 2]>::try_from(bytes).ok());
        bytes.map(u16::from_le_bytes).ok_or_else(|| malformed("its format is cut off"))
    };
    let rate_hz = u32::from(word(4)?) | u32::from(word(6)?) << 16;
    let tag = match word(0)? {
        EXTENSIBLE => word(24)?,
        tag => tag,
    };
    let encoding = match (tag, word(14)?) {
        (PCM, 16) => Encoding::Bits16,
        (PCM, 24) => Encoding::Bits24,
        (FLOAT, 32) => Encoding::Float,
        (tag, bits) => {
            let feature = format!("the encoding {tag} of {bits} bits; export it as PCM of 16 or 24 bits");
            return Err(ContentError::unsupported("WAV", feature));
        }
    };
    let channel_count = usize::from(word(2)?);
    if !(1..=2).contains(&channel_count) {
        return Err(ContentError::unsupported(
            "WAV",
            format!("{channel_count} channels; mix it to one or two"),
        ));
    }
    if !RATES_HZ.contains(&rate_hz) {
        return Err(ContentError::unsupported(
            "WAV",
            format!("{rate_hz} frames a second; resample it to 48000"),
        ));
    }
    Ok(Format { encoding, channel_count, rate_hz })
}

fn read_values(body: &[u8], format: &Format) -> Result<Wave, ContentError> {
    let width = match format.encoding {
        Encoding::Bits16 => 2,
        Encoding::Bits24 => 3,
        Encoding::Float => 4,
    };
    let frame_count = body.len() / (width * format.channel_count);
    let seconds_max = limits::CLIP_FRAMES_MAX / super::SAMPLE_RATE_HZ;
    let frames_max = u64::from(seconds_max) * u64::from(format.rate_hz);
    ContentError::check("WAV", "frames", frame_count, frames_max as usize)?;
    if frame_count == 0 {
        return Err(malformed("it has no data"));
    }
    let body = body.get(..frame_count * format.channel_count * width).unwrap_or_default();
    let values: Vec<f32> = match format.encoding {
        Encoding::Bits16 => {
            let words = body.as_chunks::<2>().0.iter();
            words.map(|word| f32::from(i16::from_le_bytes(*word)) / 32_768.0).collect()
        }
        Encoding::Bits24 => {
            let words = body.as_chunks::<3>().0.iter();
            words.map(|[a, b, c]| (i32::from_le_bytes([0, *a, *b, *c]) >> 8) as f32 / 8_388_608.0).collect()
        }
        Encoding::Float => body.as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect(),
    };
    if !values.iter().all(|value| value.is_finite()) {
        return Err(malformed("a value of it is not finite"));
    }
    Ok(Wave { rate_hz: format.rate_hz, channel_count: format.channel_count, values })
}

/// The nearest of 16 bits; what is beyond full scale is full scale.
pub fn quantized(value: f32) -> i16 {
    (value * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}

/// As a file of 16 bits.
pub fn write(wave: &Wave) -> Vec<u8> {
    let values = wave.values.iter().map(|value| quantized(*value));
    let data_bytes = wave.values.len() * 2;
    let mut bytes = header(wave.rate_hz, wave.channel_count as u16, data_bytes as u32).to_vec();
    bytes.reserve(data_bytes);
    values.for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
    bytes
}

/// What stands before `data_bytes` of 16-bit PCM.
pub fn header(rate_hz: u32, channel_count: u16, data_bytes: u32) -> [u8; 44] {
    let mut bytes = [0; 44];
    let frame_bytes = channel_count.saturating_mul(2);
    let parts: [&[u8]; 13] = [
        b"RIFF",
        &data_bytes.saturating_add(36).to_le_bytes(),
        b"WAVE",
        b"fmt ",
        &16_u32.to_le_bytes(),
        &PCM.to_le_bytes(),
        &channel_count.to_le_bytes(),
        &rate_hz.to_le_bytes(),
        &rate_hz.saturating_mul(u32::from(frame_bytes)).to_le_bytes(),
        &frame_bytes.to_le_bytes(),
        &16_u16.to_le_bytes(),
        b"data",
        &data_bytes.to_le_bytes(),
    ];
    bytes.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
    bytes
}

fn malformed(reason: &str) -> ContentError {
    ContentError::malformed("WAV", reason)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn ramp() -> Wave {
        let values = (-100..100).map(|i| i as f32 / 128.0).collect();
        Wave { rate_hz: 44_100, channel_count: 2, values }
    }

    /// A file with this format and these data, and a chunk of odd length that players skip.
    fn made(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVELIST\x03\0\0\0abc\0fmt \x10\0\0\0".to_vec();
        for word in [tag, channels, rate as u16, (rate >> 16) as u16, 0, 0, channels * bits / 8, bits] {
            file.extend(word.to_le_bytes());
        }
        file.extend(b"data");
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(data);
        file
    }

    #[test]
    fn what_is_written_reads_back() {
        let wave = ramp();
        let bytes = write(&wave);
        assert_eq!(bytes.len(), 44 + 400);
        assert_eq!(read(&bytes).unwrap(), wave);
        assert_eq!(wave.frame_count_at(48_000), 109);
    }

    #[test]
    fn the_encodings_mean_the_same_numbers() {
        let sixteen = made(PCM, 1, 48_000, 16, &[0x00, 0x40, 0x00, 0xc0]);
        let twenty_four = made(PCM, 1, 48_000, 24, &[0, 0x00, 0x40, 0, 0x00, 0xc0]);
        let floats = made(FLOAT, 1, 48_000, 32, &[0.5_f32.to_le_bytes(), (-0.5_f32).to_le_bytes()].concat());
        for file in [&sixteen, &twenty_four, &floats] {
            assert_eq!(read(file).unwrap().values, [0.5, -0.5]);
        }
        let cut_off = &sixteen[..sixteen.len() - 1];
        assert_eq!(read(cut_off).unwrap().values, [0.5]);
    }

    #[test]
    fn what_is_no_plain_wav_is_refused_in_a_sentence() {
        let data = [0; 24];
        let not_finite = made(FLOAT, 1, 48_000, 32, &f32::NAN.to_le_bytes());
        let refused = [
            (b"OggS".to_vec(), "export it as PCM WAV"),
            (made(PCM, 1, 48_000, 8, &data), "the encoding 1 of 8 bits"),
            (made(0x11, 1, 48_000, 4, &data), "the encoding 17 of 4 bits"),
            (made(PCM, 6, 48_000, 16, &data), "6 channels"),
            (made(PCM, 0, 48_000, 16, &data), "0 channels"),
            (made(PCM, 1, 1, 16, &data), "1 frames a second"),
            (made(PCM, 1, 48_000, 16, &[]), "no data"),
            (not_finite, "not finite"),
            (made(PCM, 1, 8_000, 16, &vec![0; 8_000 * 2 * 61]), "488000 frames are more than the 480000"),
        ];
        for (file, reason) in refused {
            let Err(error) = read(&file) else { panic!("{reason} was taken") };
            assert!(error.to_string().contains(reason), "{error} lacks “{reason}”");
        }
    }

    #[test]
    fn no_cut_and_no_flipped_byte_makes_it_panic() {
        let file = made(PCM, 2, 44_100, 24, &[7; 60]);
        for end in 0..file.len() {
            let _ = read(&file[..end]);
        }
        for at in 0..file.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let mut file = file.clone();
                file[at] = value;
                let _ = read(&file);
            }
        }
    }
}
