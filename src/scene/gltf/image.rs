//! PNG and JPEG: which of the two some bytes are, how large the image is, and its pixels. WebP and KTX2 are read
//! where a [`Resolve`] makes PNG of them.
//!
//! What an image is, its first bytes say, not its name or media type. Its size is read and compared
//! with the limits before its pixels are allocated.

use std::io::Cursor;

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace as JpegColor;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::buffer::View;
use super::document::SourceImage;
use super::schema::{Image, Root};
use super::skipped::Skipped;
use super::{Resolve, data_uri};
use crate::scene::texture::Pixels;
use crate::scene::{ContentError, limits};

/// What an image is encoded as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Portable Network Graphics.
    Png,
    /// JPEG, baseline or progressive.
    Jpeg,
}

impl Encoding {
    /// What the first bytes say.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            _ => None,
        }
    }

    /// As the end of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
        }
    }
}

/// What else an image may be encoded as, by extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// EXT_texture_webp.
    WebP,
    /// KHR_texture_basisu.
    Ktx2,
}

impl Foreign {
    fn of(media_type: Option<&str>) -> Option<Self> {
        match media_type {
            Some("image/webp") => Some(Self::WebP),
            Some("image/ktx2") => Some(Self::Ktx2),
            _ => None,
        }
    }
}

/// Width and height, from the header alone; each from 1 to [`limits::IMAGE_SIDE_MAX`].
///
/// # Errors
/// When it is neither a PNG nor a JPEG, malformed, or larger than the limit.
pub fn size(bytes: &[u8]) -> Result<(u32, u32), ContentError> {
    let (width, height) = match Encoding::of(bytes) {
        Some(Encoding::Png) => png_size(bytes)?,
        Some(Encoding::Jpeg) => {
            let mut decoder = jpeg_decoder(bytes);
            decoder.decode_headers().map_err(|e| malformed("JPEG", &e))?;
            let (width, height) = decoder.dimensions().unwrap_or_default();
            (width as u32, height as u32)
        }
        None => return Err(ContentError::unsupported("image", "an encoding that is neither PNG nor JPEG")),
    };
    ContentError::check(
        "image",
        "pixels on a side",
        width.max(height) as usize,
        limits::IMAGE_SIDE_MAX as usize,
    )?;
    if width == 0 || height == 0 {
        return Err(ContentError::malformed("image", "it has no pixels"));
    }
    Ok((width, height))
}

/// Its pixels.
///
/// # Errors
/// When it is neither a PNG nor a JPEG, larger than the limit, damaged, animated, or of a colour
/// model that is not known.
pub fn decode(bytes: &[u8]) -> Result<Pixels, ContentError> {
    let (width, height) = size(bytes)?;
    let rgba = match Encoding::of(bytes) {
        Some(Encoding::Png) => decode_png(bytes, (width, height))?,
        _ => decode_jpeg(bytes)?,
    };
    let expected = (width as usize).saturating_mul(height as usize).saturating_mul(4);
    if rgba.len() != expected {
        return Err(ContentError::malformed("image", "it has another number of pixels than its header says"));
    }
    Ok(Pixels { width, height, rgba })
}

fn malformed(what: &str, error: &dyn std::fmt::Display) -> ContentError {
    ContentError::malformed(what, format!("it is damaged: {error}"))
}

fn png_size(bytes: &[u8]) -> Result<(u32, u32), ContentError> {
    let side = |at: usize| bytes.get(at..)?.first_chunk::<4>().map(|side| u32::from_be_bytes(*side));
    match (bytes.get(12..16), side(16), side(20)) {
        (Some(b"IHDR"), Some(width), Some(height)) => Ok((width, height)),
        _ => Err(ContentError::malformed("PNG", "its header is missing")),
    }
}

fn decode_png(bytes: &[u8], size: (u32, u32)) -> Result<Vec<u8>, ContentError> {
    let side = limits::IMAGE_SIDE_MAX as usize;
    let ceiling = png::Limits { bytes: side.saturating_mul(side).saturating_mul(8) };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), ceiling);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info().map_err(|e| malformed("PNG", &e))?;
    if reader.info().animation_control.is_some() {
        return Err(ContentError::unsupported("PNG", "animation"));
    }
    if reader.info().size() != size {
        return Err(ContentError::malformed("PNG", "it has two headers"));
    }
    let bytes_max = side.saturating_mul(side).saturating_mul(4);
    let buffer_bytes = reader.output_buffer_size().filter(|&size| size <= bytes_max);
    let Some(buffer_bytes) = buffer_bytes else {
        return Err(ContentError::malformed("PNG", "its pixels do not fit"));
    };
    let mut pixels = vec![0; buffer_bytes];
    let info = reader.next_frame(&mut pixels).map_err(|e| malformed("PNG", &e))?;
    pixels.truncate(info.buffer_size());
    Ok(match info.color_type {
        png::ColorType::Rgba => pixels,
        png::ColorType::Rgb => rgba_from_rgb(&pixels),
        png::ColorType::Grayscale => pixels.iter().flat_map(|&grey| [grey, grey, grey, 255]).collect(),
        png::ColorType::GrayscaleAlpha => {
            let (texels, _) = pixels.as_chunks::<2>();
            texels.iter().flat_map(|&[grey, alpha]| [grey, grey, grey, alpha]).collect()
        }
        png::ColorType::Indexed => {
            return Err(ContentError::unsupported("PNG", "a palette that was not expanded"));
        }
    })
}

fn rgba_from_rgb(pixels: &[u8]) -> Vec<u8> {
    let (texels, _) = pixels.as_chunks::<3>();
    texels.iter().flat_map(|&[r, g, b]| [r, g, b, 255]).collect()
}

fn jpeg_decoder(bytes: &[u8]) -> JpegDecoder<ZCursor<&[u8]>> {
    let options = DecoderOptions::default()
        .set_strict_mode(true)
        // Its own errors on size would not say the limit: `size` is the one to refuse.
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_max_scans(64)
        .jpeg_set_out_colorspace(JpegColor::RGB);
    JpegDecoder::new_with_options(ZCursor::new(bytes), options)
}

fn decode_jpeg(bytes: &[u8]) -> Result<Vec<u8>, ContentError> {
    let mut decoder = jpeg_decoder(bytes);
    decoder.decode_headers().map_err(|e| malformed("JPEG", &e))?;
    match decoder.input_colorspace() {
        Some(JpegColor::YCbCr | JpegColor::RGB | JpegColor::Luma) => {}
        other => return Err(ContentError::unsupported("JPEG", format!("the colour model {other:?}"))),
    }
    let pixels = decoder.decode().map_err(|e| malformed("JPEG", &e))?;
    Ok(rgba_from_rgb(&pixels))
}

/// All images of a file, still encoded. One that is neither PNG nor JPEG stays without bytes and is
/// counted by its kind.
pub(super) fn collect(
    root: &Root,
    views: &[View<'_>],
    resolve: &mut dyn Resolve,
    skipped: &mut Skipped,
) -> Result<Vec<SourceImage>, ContentError> {
    let mut images = Vec::with_capacity(root.images.len());
    let mut kinds = Vec::with_capacity(root.images.len());
    let mut total = 0_usize;
    for (i, image) in root.images.iter().enumerate() {
        let place = format!("/images/{i}");
        skipped.add_extensions(&image.extensions);
        let mut uri = image.uri.clone().filter(|uri| !data_uri::is_data(uri));
        let mut bytes = encoded(image, views, resolve, &place)?;
        let kind = bytes.as_deref().and_then(media_type);
        check_kind(image, kind, &place)?;
        kinds.push(kind);
        if let (Some(foreign), Some(present)) = (Foreign::of(kind), &bytes) {
            let png = resolve
                .png_from(foreign, present)
                .map_err(|e| ContentError::malformed(&*place, e.to_string()))?;
            if png.is_some() {
                (bytes, uri) = (png, None);
            }
        }
        if let Some(present) = &bytes {
            total = total.saturating_add(present.len());
            ContentError::check(&place, "bytes of images", total, limits::SOURCE_BYTES_MAX)?;
            if Encoding::of(present).is_some() {
                size(present).map_err(|e| ContentError::malformed(place, e.to_string()))?;
            } else {
                skipped.add(name_of(kind), 1);
                (bytes, uri) = (None, None);
            }
        }
        images.push(SourceImage { name: image.name.clone(), uri, bytes });
    }
    check_sources(root, &kinds)?;
    Ok(images)
}

fn encoded(
    image: &Image,
    views: &[View<'_>],
    resolve: &mut dyn Resolve,
    place: &str,
) -> Result<Option<Vec<u8>>, ContentError> {
    match (&image.uri, image.buffer_view) {
        (Some(uri), None) if data_uri::is_data(uri) => Ok(Some(data_uri::decode(uri, place)?.1)),
        (Some(uri), None) => resolve.image(uri),
        (None, Some(view)) => {
            if image.mime_type.is_none() {
                return Err(ContentError::malformed(place, "an image in a buffer needs its mimeType"));
            }
            let Some(view) = views.get(view).filter(|view| view.stride.is_none()) else {
                return Err(ContentError::malformed(place, "the view of an image has no stride"));
            };
            match &view.bytes {
                Some(bytes) => Ok(Some(bytes.to_vec())),
                None => Err(ContentError::malformed(place, "its buffer has no data")),
            }
        }
        _ => Err(ContentError::malformed(place, "an image has either a uri or a bufferView")),
    }
}

/// What the first bytes of an image say that it is.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xab, b'K', b'T', b'X', b' ', b'2', b'0', ..] => Some("image/ktx2"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => match Encoding::of(bytes)? {
            Encoding::Png => Some("image/png"),
            Encoding::Jpeg => Some("image/jpeg"),
        },
    }
}

/// How images of a kind that is not read are counted.
fn name_of(kind: Option<&str>) -> &'static str {
    match kind {
        Some("image/ktx2") => "KTX images",
        Some("image/webp") => "WebP images",
        _ => "images that are neither PNG nor JPEG",
    }
}

/// Whether an image is what it is said to be.
fn check_kind(image: &Image, kind: Option<&str>, place: &str) -> Result<(), ContentError> {
    let uri = image.uri.as_deref().filter(|uri| data_uri::is_data(uri));
    let in_uri = uri.map(data_uri::media_type);
    for declared in in_uri.into_iter().chain(image.mime_type.as_deref()) {
        if !declared.starts_with("image/") {
            let reason = format!("the media type {declared:?} is not that of an image");
            return Err(ContentError::malformed(place, reason));
        }
        // A common name for it, although it is not the registered one.
        let declared = if declared == "image/jpg" { "image/jpeg" } else { declared };
        if let Some(kind) = kind.filter(|&kind| kind != declared) {
            let reason = format!("it is said to be {declared:?} and is {kind:?}");
            return Err(ContentError::malformed(place, reason));
        }
    }
    Ok(())
}

/// Whether each image that an extension puts in the place of another is of the kind that it is for.
fn check_sources(root: &Root, kinds: &[Option<&str>]) -> Result<(), ContentError> {
    for (i, texture) in root.textures.iter().enumerate() {
        let extensions = &texture.extensions;
        let sources = [
            ("EXT_texture_webp", &extensions.webp, "image/webp"),
            ("KHR_texture_basisu", &extensions.basis, "image/ktx2"),
        ];
        for (name, extension, expected) in sources {
            let source = extension.as_ref().and_then(|extension| extension.source);
            let kind = source.and_then(|source| kinds.get(source).copied().flatten());
            if let Some(kind) = kind.filter(|&kind| kind != expected) {
                let place = format!("/textures/{i}/extensions/{name}/source");
                return Err(ContentError::malformed(
                    place,
                    format!("it is {kind:?} and should be {expected:?}"),
                ));
            }
        }
    }
    Ok(())
}
