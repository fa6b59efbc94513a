//! Why content is refused.

/// Content that was refused: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// The bytes are not what they should be.
    #[error("{place}: {reason}")]
    Malformed {
        /// A JSON pointer, a byte offset or the name of a part.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// More of something than [`super::limits`] allows.
    #[error("{place}: {count} {what} are more than the {limit} that this version takes")]
    TooLarge {
        /// A JSON pointer, a byte offset or the name of a part.
        place: String,
        /// What there is too much of.
        what: &'static str,
        /// How much of it there is.
        count: u64,
        /// How much is allowed.
        limit: u64,
    },
    /// A valid file that needs something this version does not know.
    #[error("{place}: it needs {feature}, which this version does not know")]
    Unsupported {
        /// A JSON pointer, a byte offset or the name of a part.
        place: String,
        /// The feature by its own name.
        feature: String,
    },
}

impl ContentError {
    /// The kind of refusal, as programs are told it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::TooLarge { .. } => "limit",
            Self::Unsupported { .. } => "unsupported",
        }
    }

    /// Bytes that are not what they should be.
    pub fn malformed(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Malformed { place: place.into(), reason: reason.into() }
    }

    /// A feature that is refused by name.
    pub fn unsupported(place: impl Into<String>, feature: impl Into<String>) -> Self {
        Self::Unsupported { place: place.into(), feature: feature.into() }
    }

    /// The same of a file that is one of several.
    pub fn within(mut self, file: &str) -> Self {
        let (Self::Malformed { place, .. } | Self::TooLarge { place, .. } | Self::Unsupported { place, .. }) =
            &mut self;
        *place = format!("{file}: {place}");
        self
    }

    /// Errs when `count` of `what` is more than `limit`.
    pub fn check(place: &str, what: &'static str, count: usize, limit: usize) -> Result<(), Self> {
        if count <= limit {
            return Ok(());
        }
        Err(Self::TooLarge { place: place.to_owned(), what, count: count as u64, limit: limit as u64 })
    }
}
