//! Where in the JSON a walk is, as a chain of steps on its stack, and as a JSON pointer.

/// A step below another place.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

impl<'a> Place<'a> {
    /// The whole text.
    pub(super) const ROOT: Place<'static> = Place { parent: None, step: Step::Item(0) };

    pub(super) fn key(&'a self, key: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Key(key) }
    }

    pub(super) fn item(&'a self, item: usize) -> Self {
        Self { parent: Some(self), step: Step::Item(item) }
    }

    /// The number of the entry of a list in which this is, so many steps up.
    pub(super) fn item_above(&self, steps: usize) -> Option<usize> {
        let mut place = self;
        for _ in 0..steps {
            place = place.parent?;
        }
        match place.step {
            Step::Item(item) if place.parent.is_some() => Some(item),
            _ => None,
        }
    }

    /// As RFC 6901 writes it. No name of the file makes it long.
    pub(super) fn pointer(&self) -> String {
        let mut steps = Vec::new();
        let mut place = self;
        while let Some(parent) = place.parent {
            steps.push(match place.step {
                Step::Key(key) => escaped(key),
                Step::Item(item) => item.to_string(),
            });
            place = parent;
        }
        if steps.is_empty() {
            return "JSON".to_owned();
        }
        steps.iter().rev().flat_map(|step| ["/", step]).collect()
    }
}

fn escaped(key: &str) -> String {
    key.chars().take(80).collect::<String>().replace('~', "~0").replace('/', "~1")
}
