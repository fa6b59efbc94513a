//! The file of settings of `pavilion host`: what it says, and what the command line says instead.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde::{Deserialize, Serialize};

use crate::app::Failure;
use crate::app::cli::HostArgs;
use crate::host::serve::{
    ADDRESS_MAX, MEMORY_BYTES, NEWCOMERS_PER_SECOND, RETRY_FROM, ServerOptions, VISITORS_MAX,
};
use crate::host::web::server::{CONNECTIONS_MAX, HEAD_SECONDS, IDLE_SECONDS, WebOptions};
use crate::protocol::link::DEFAULT_PORT;
use crate::udp;

/// The file with every setting as it is by default, and what each means.
pub const DEFAULT_FILE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/host.toml"));

/// Where the twin is offered over HTTP by default: beside the host's own port, on every address.
pub const HTTP: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 7414);

/// Where the host's numbers are told by default: only to this machine.
pub const METRICS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7415);

/// Longer than any such file.
const FILE_BYTES_MAX: u64 = 64 << 10;

/// Whether something is offered, and where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Offer {
    /// It is not.
    #[default]
    No,
    /// Where it is by default.
    Usual,
    /// There.
    At(SocketAddr),
}

impl Offer {
    /// Where, if it is offered.
    pub fn address(self, usual: SocketAddr) -> Option<SocketAddr> {
        match self {
            Self::No => None,
            Self::Usual => Some(usual),
            Self::At(address) => Some(address),
        }
    }
}

impl<'de> Deserialize<'de> for Offer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Offer;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("true, false, or an address with a port such as \"127.0.0.1:7414\"")
            }

            fn visit_bool<E>(self, is_on: bool) -> Result<Offer, E> {
                Ok(if is_on { Offer::Usual } else { Offer::No })
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Offer, E> {
                text.parse().map(Offer::At).map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Which kind of socket to listen with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sockets {
    /// The fastest that this system supports.
    #[default]
    Best,
    /// One that asks nothing of the system.
    Plain,
}

/// Every setting of a host.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The twin.
    pub folder: Option<PathBuf>,
    /// Where visitors join.
    pub listen: SocketAddr,
    /// Where the host's key lies.
    pub identity: Option<PathBuf>,
    /// Print JSON.
    pub json: bool,
    /// Visitors at once.
    #[serde(deserialize_with = "within::<_, 1, 4096>")]
    pub visitors_max: u64,
    /// Of them from one address.
    #[serde(deserialize_with = "within::<_, 1, 4096>")]
    pub address_max: u64,
    /// From how many visitors on a newcomer must first show its address.
    #[serde(deserialize_with = "within::<_, 0, 4096>")]
    pub retry_from: u64,
    /// Newcomers a second who need not.
    #[serde(deserialize_with = "within::<_, 1, 4096>")]
    pub newcomers_per_second: u64,
    /// Memory for what visitors are sent.
    #[serde(deserialize_with = "within::<_, 1, 65536>")]
    pub memory_mebibytes: u64,
    /// How UDP is sent.
    pub sockets: Sockets,
    /// The twin for other programs.
    pub http: Offer,
    /// HTTP connections at once.
    #[serde(deserialize_with = "within::<_, 1, 4096>")]
    pub http_connections_max: u64,
    /// How long a request's head may take.
    #[serde(deserialize_with = "within::<_, 1, 3600>")]
    pub http_head_seconds: u64,
    /// How long an answer may stand still.
    #[serde(deserialize_with = "within::<_, 1, 3600>")]
    pub http_idle_seconds: u64,
    /// The host's numbers.
    pub metrics: Offer,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            folder: None,
            listen: SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT)),
            identity: None,
            json: false,
            visitors_max: VISITORS_MAX as u64,
            address_max: ADDRESS_MAX as u64,
            retry_from: RETRY_FROM as u64,
            newcomers_per_second: u64::from(NEWCOMERS_PER_SECOND),
            memory_mebibytes: MEMORY_BYTES as u64 >> 20,
            sockets: Sockets::Best,
            http: Offer::No,
            http_connections_max: CONNECTIONS_MAX as u64,
            http_head_seconds: HEAD_SECONDS,
            http_idle_seconds: IDLE_SECONDS,
            metrics: Offer::No,
        }
    }
}

/// A number from `MIN` to `MAX`.
fn within<'de, D: Deserializer<'de>, const MIN: u64, const MAX: u64>(
    deserializer: D,
) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if (MIN..=MAX).contains(&number) {
        return Ok(number);
    }
    Err(D::Error::custom(format_args!("{number} is out of range, it must be from {MIN} to {MAX}")))
}

impl Config {
    /// The settings: the command line's, then the file's, then the default ones.
    ///
    /// # Errors
    /// When the file cannot be read or says what cannot be.
    pub fn of(arguments: &HostArgs) -> Result<Self, Failure> {
        let file = match &arguments.config {
            Some(path) => Self::read(path)?,
            None => Self::default(),
        };
        let offer = |wish: Option<Option<SocketAddr>>, otherwise| match wish {
            Some(Some(address)) => Offer::At(address),
            Some(None) => Offer::Usual,
            None => otherwise,
        };
        Ok(Self {
            folder: arguments.folder.clone().or(file.folder),
            listen: arguments.listen.unwrap_or(file.listen),
            identity: arguments.identity.clone().or(file.identity),
            json: arguments.json || file.json,
            visitors_max: arguments.visitors_max.unwrap_or(file.visitors_max),
            http: offer(arguments.http, file.http),
            metrics: offer(arguments.metrics, file.metrics),
            ..file
        })
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
        read.map_err(|error| {
            Failure::failed(format!(
                "{} cannot be read ({error}): check its name and permissions",
                path.display()
            ))
        })?;
        let text = String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= FILE_BYTES_MAX);
        let text = text.ok_or_else(|| {
            Failure::usage(format!(
                "{} is no file of settings: `pavilion host --print-config` prints one",
                path.display()
            ))
        })?;
        let mut config = Self::parse(&text).map_err(|sentence| {
            Failure::usage(format!(
                "{}, {sentence}: `pavilion host --print-config` shows every setting",
                path.display()
            ))
        })?;
        let beside = path.parent().unwrap_or(Path::new(""));
        for path in [&mut config.folder, &mut config.identity].into_iter().flatten() {
            *path = beside.join(&*path);
        }
        Ok(config)
    }

    /// The settings of a file, or the line and what is wrong there.
    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            format!("line {line}: {}", error.message().replace('\n', ", "))
        })
    }

    /// What the host itself is told.
    pub fn server(&self, folder: PathBuf, identity: PathBuf) -> ServerOptions {
        ServerOptions {
            bind: self.listen,
            visitors_max: self.visitors_max as usize,
            address_max: self.address_max as usize,
            retry_from: self.retry_from as usize,
            newcomers_per_second: self.newcomers_per_second as u32,
            memory_bytes: (self.memory_mebibytes as usize) << 20,
            sockets: match self.sockets {
                Sockets::Best => udp::Choice::Best,
                Sockets::Plain => udp::Choice::Plain,
            },
            ..ServerOptions::new(folder, identity)
        }
    }

    /// How HTTP is served at `bind`.
    pub fn web(&self, bind: SocketAddr) -> WebOptions {
        WebOptions {
            bind,
            connections_max: self.http_connections_max as usize,
            head: Duration::from_secs(self.http_head_seconds),
            idle: Duration::from_secs(self.http_idle_seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use clap::Parser;

    use super::*;
    use crate::app::FailureKind;
    use crate::app::cli::{Cli, Command};

    fn arguments(words: &[&str]) -> HostArgs {
        match Cli::try_parse_from([&["pavilion", "host"], words].concat()).unwrap().command {
            Command::Host(arguments) => arguments,
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn the_printed_file_is_the_default_and_names_every_setting() {
        assert_eq!(Config::parse(DEFAULT_FILE).unwrap(), Config::default());
        // What serde knows, it says of a key that it does not know.
        let known = toml::from_str::<Config>("nonsense = 1").unwrap_err().message().to_owned();
        let known: BTreeSet<&str> = known.split('`').skip(3).step_by(2).collect();
        let key = |line: &'static str| line.trim_start_matches("# ").split_once(" = ").map(|(key, _)| key);
        let printed: BTreeSet<&str> = DEFAULT_FILE.lines().filter_map(key).collect();
        assert_eq!(printed, known);
        assert!(known.contains("visitors_max") && known.contains("metrics"), "{known:?}");
        // What is switched off by a number sign is a setting, too.
        let uncommented = DEFAULT_FILE.replace("# folder", "folder").replace("# identity", "identity");
        let config = Config::parse(&uncommented).unwrap();
        assert_eq!(config.folder.as_deref(), Some(Path::new("venue")));
        assert_eq!(config.identity.as_deref(), Some(Path::new("identity")));
    }

    #[test]
    fn the_command_line_counts_more_than_the_file_and_the_file_more_than_the_default() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("host.toml");
        std::fs::write(
            &path,
            "folder = \"twin\"\nidentity = \"/keys\"\nlisten = \"127.0.0.1:1\"\nvisitors_max = 7\nhttp = true\n\
             metrics = \"127.0.0.1:2\"\nsockets = \"plain\"\n",
        )
        .unwrap();
        let file = path.to_str().unwrap();
        let config = Config::of(&arguments(&["--config", file])).unwrap();
        assert_eq!(config.folder, Some(home.path().join("twin")), "paths begin at the file");
        assert_eq!(config.identity, Some(PathBuf::from("/keys")));
        assert_eq!((config.listen.port(), config.visitors_max, config.sockets), (1, 7, Sockets::Plain));
        assert_eq!(config.http.address(HTTP), Some(HTTP));
        assert_eq!(config.metrics.address(METRICS).map(|address| address.port()), Some(2));
        assert_eq!(config.http_idle_seconds, IDLE_SECONDS, "what neither says is the default");
        let words = [
            "there",
            "--config",
            file,
            "--listen",
            "[::1]:9",
            "--visitors-max",
            "8",
            "--http",
            "127.0.0.1:3",
        ];
        let config = Config::of(&arguments(&[&words[..], &["--metrics", "--json"]].concat())).unwrap();
        assert_eq!(config.folder.as_deref(), Some(Path::new("there")));
        assert_eq!((config.listen.port(), config.visitors_max, config.json), (9, 8, true));
        assert_eq!(config.http, Offer::At("127.0.0.1:3".parse().unwrap()));
        assert_eq!(config.metrics.address(METRICS), Some(METRICS));
        let options = config.server(PathBuf::from("there"), PathBuf::from("/keys"));
        assert_eq!((options.visitors_max, options.sockets), (8, udp::Choice::Plain));
        assert_eq!(Config::of(&arguments(&["there"])).unwrap().http, Offer::No);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_key_and_line() {
        for (text, expected) in [
            (
                "# a\nlisten = \"[::]:1\"\nvisitor_max = 3\n",
                "line 3: unknown field `visitor_max`, expected one of",
            ),
            ("json = \"yes\"", "line 1: invalid type: string \"yes\", expected a boolean"),
            ("\n\nvisitors_max = 0\n", "line 3: 0 is out of range, it must be from 1 to 4096"),
            (
                "http = \"here\"",
                "line 1: invalid value: string \"here\", expected true, false, or an address",
            ),
            ("sockets = \"fast\"", "line 1: unknown variant `fast`, expected `best` or `plain`"),
            ("json = true\njson = false", "line 2: duplicate key"),
            ("json =", "line 1: "),
        ] {
            let sentence = Config::parse(text).unwrap_err();
            assert!(sentence.starts_with(expected), "{text:?}: {sentence}");
        }
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("host.toml");
        for bytes in [&b"\xff\xfe"[..], &vec![b' '; 70_000]] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(Config::read(&path).unwrap_err().kind, FailureKind::Usage);
        }
        assert_eq!(Config::read(home.path()).unwrap_err().kind, FailureKind::Failed);
    }
}
