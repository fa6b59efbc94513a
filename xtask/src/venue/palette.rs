//! Every material of the venue, in one list.
//!
//! The palette: daylight on warm larch and off-white, held together by graphite steel; deep teal is the house colour,
//! coral and mustard are its accents, sage joins the plants. Metals are brass and brushed steel. Nothing else is
//! saturated, so that the twelve booths stay one family. Colours are sRGB; textures under a colour are near neutral.

use super::texture::Texture;

/// How a material treats what is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Hides it.
    Opaque,
    /// Cut out by the base texture's alpha.
    Mask,
    /// Lets this share of it through.
    Blend,
}

/// What a material looks like, in glTF's terms.
#[derive(Clone, Debug)]
pub struct Surface {
    /// sRGB, 0xRRGGBB; multiplied with the base texture.
    pub color: u32,
    /// Opacity for [`Coverage::Blend`].
    pub alpha: f32,
    /// 0 or 1 for most.
    pub metallic: f32,
    /// Perceptual roughness.
    pub roughness: f32,
    /// Base colour texture.
    pub base: Option<Texture>,
    /// Normal map and its strength.
    pub normal: Option<(Texture, f32)>,
    /// Occlusion, roughness and metalness map.
    pub orm: Option<Texture>,
    /// sRGB glow and its strength; multiplied with `emissive_map`.
    pub emissive: Option<(u32, f32)>,
    /// What glows where.
    pub emissive_map: Option<Texture>,
    /// How it covers.
    pub coverage: Coverage,
    /// Seen from both sides.
    pub double_sided: bool,
    /// Metres that one repeat of the textures spans; `None` for texture coordinates that point into an atlas.
    pub metres_per_repeat: Option<f32>,
    /// Says the repeat as a texture transform and leaves coordinates in metres.
    pub transformed: bool,
}

const fn paint(color: u32, roughness: f32) -> Surface {
    Surface {
        color,
        alpha: 1.0,
        metallic: 0.0,
        roughness,
        base: None,
        normal: None,
        orm: None,
        emissive: None,
        emissive_map: None,
        coverage: Coverage::Opaque,
        double_sided: false,
        metres_per_repeat: Some(1.0),
        transformed: false,
    }
}

const fn metal(color: u32, roughness: f32) -> Surface {
    Surface { metallic: 1.0, ..paint(color, roughness) }
}

const fn brushed(color: u32) -> Surface {
    Surface {
        normal: Some((Texture::BrushedNormal, 0.35)),
        orm: Some(Texture::BrushedOrm),
        metres_per_repeat: Some(0.5),
        ..metal(color, 1.0)
    }
}

const fn coated(color: u32, roughness: f32) -> Surface {
    Surface {
        normal: Some((Texture::PeelNormal, 0.25)),
        metres_per_repeat: Some(0.25),
        ..paint(color, roughness)
    }
}

const fn wood(color: u32) -> Surface {
    Surface {
        base: Some(Texture::WoodBase),
        normal: Some((Texture::WoodNormal, 0.6)),
        orm: Some(Texture::WoodOrm),
        metres_per_repeat: Some(2.0),
        transformed: true,
        ..paint(color, 1.0)
    }
}

const fn carpet(color: u32) -> Surface {
    Surface {
        base: Some(Texture::CarpetBase),
        normal: Some((Texture::CarpetNormal, 0.8)),
        metres_per_repeat: Some(1.0),
        transformed: true,
        ..paint(color, 0.97)
    }
}

const fn fabric(color: u32) -> Surface {
    Surface {
        base: Some(Texture::FabricBase),
        normal: Some((Texture::FabricNormal, 0.7)),
        metres_per_repeat: Some(0.2),
        double_sided: true,
        ..paint(color, 0.92)
    }
}

const fn glass(color: u32, alpha: f32) -> Surface {
    Surface { alpha, coverage: Coverage::Blend, ..paint(color, 0.06) }
}

const fn lamp(color: u32, strength: f32) -> Surface {
    Surface { emissive: Some((color, strength)), ..paint(0xf4f4f0, 0.5) }
}

const fn foliage(color: u32) -> Surface {
    Surface { base: Some(Texture::LeafBase), double_sided: true, ..paint(color, 0.62) }
}

const fn screen(texture: Texture) -> Surface {
    Surface {
        emissive: Some((0xffffff, 1.0)),
        emissive_map: Some(texture),
        metres_per_repeat: None,
        ..paint(0x08090a, 0.25)
    }
}

const fn board(texture: Texture) -> Surface {
    Surface { base: Some(texture), metres_per_repeat: None, ..paint(0xffffff, 0.55) }
}

macro_rules! palette {
    ($($(#[$doc:meta])* $name:ident = $surface:expr;)*) => {
        /// A material of the venue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Material { $($(#[$doc])* $name,)* }

        impl Material {
            /// All of them, in the file's order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What it looks like.
            pub fn surface(self) -> Surface {
                match self { $(Self::$name => $surface,)* }
            }

            /// Its name in the file.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

palette! {
    /// The hall's polished floor.
    Concrete = Surface {
        base: Some(Texture::ConcreteBase), normal: Some((Texture::ConcreteNormal, 0.35)),
        orm: Some(Texture::ConcreteOrm), metres_per_repeat: Some(4.0), transformed: true, ..paint(0xcfcac2, 1.0)
    };
    /// The forecourt.
    Paving = Surface {
        base: Some(Texture::TerrazzoBase), metres_per_repeat: Some(3.0), ..paint(0xb5b0a6, 0.85)
    };
    /// The café's floor and counter top.
    Terrazzo = Surface { base: Some(Texture::TerrazzoBase), metres_per_repeat: Some(1.4), ..paint(0xffffff, 0.3) };
    /// Lawn in front.
    Grass = Surface { base: Some(Texture::CarpetBase), metres_per_repeat: Some(0.8), ..paint(0x6f8f4a, 1.0) };
    /// Main aisle.
    CarpetTeal = carpet(0x2c7177);
    /// Booth floor.
    CarpetSand = carpet(0xd8c8ab);
    /// Booth floor.
    CarpetCoral = carpet(0xd9745a);
    /// Booth floor.
    CarpetGraphite = carpet(0x4a4e53);
    /// Booth floor.
    CarpetSage = carpet(0x93a684);
    /// Booth floor.
    CarpetNavy = carpet(0x2b3c57);
    /// Light boards.
    Larch = wood(0xf0c592);
    /// Middle boards.
    Oak = wood(0xd2a06a);
    /// Dark boards.
    Walnut = wood(0x8a5c3c);
    /// Pale panels.
    Birch = wood(0xf8e2c0);
    /// Wall paint.
    White = coated(0xf3f0ea, 0.6);
    /// Steel roof structure.
    SteelWhite = paint(0xe4e6e4, 0.42);
    /// Roof sheets.
    RoofSheet = paint(0xd6d9d8, 0.6);
    /// Dark structure.
    Graphite = coated(0x33373b, 0.5);
    /// Glossy black.
    Black = paint(0x141517, 0.35);
    /// Tyres, belts, grips.
    Rubber = paint(0x1c1c1d, 0.9);
    /// House colour.
    Teal = coated(0x14626a, 0.4);
    /// Pale house colour.
    Mint = coated(0xa9cfc8, 0.5);
    /// Accent.
    Coral = coated(0xe5684a, 0.42);
    /// Accent.
    Mustard = coated(0xe2a736, 0.45);
    /// Beside plants.
    Sage = coated(0x8ea680, 0.55);
    /// Deep accent.
    Navy = coated(0x22344f, 0.45);
    /// Machines.
    MachineGrey = coated(0xc9cdce, 0.4);
    /// Machine skirts.
    MachineDark = coated(0x565d63, 0.45);
    /// Fences and warnings.
    SafetyYellow = coated(0xf3c21b, 0.45);
    /// Robot arms.
    RobotOrange = coated(0xe9772b, 0.34);
    /// The car's body.
    CarPaint = Surface { metallic: 0.35, ..paint(0x1a7b80, 0.18) };
    /// Ducts, trays.
    Galvanised = metal(0xbcc2c6, 0.45);
    /// Machine parts.
    BrushedSteel = brushed(0xc6c8ca);
    /// Mirrors and rims.
    Chrome = metal(0xe6e8ea, 0.12);
    /// Dark machine parts.
    DarkSteel = metal(0x62666b, 0.38);
    /// Fine things.
    Brass = metal(0xdcb15f, 0.26);
    /// Brushed fine things.
    BrassBrushed = brushed(0xd9b26a);
    /// Kettles and pipes.
    Copper = metal(0xd58a63, 0.28);
    /// The movement's dark plate.
    MovementPlate = brushed(0x4b5560);
    /// Watch plates.
    RoseGold = metal(0xe0a58a, 0.24);
    /// Blued screws and hands.
    BluedSteel = metal(0x2c4f96, 0.25);
    /// Watch jewels and lamps.
    Ruby = paint(0xb3163a, 0.1);
    /// Canopies and banners.
    FabricWhite = fabric(0xf6f1e6);
    /// Banners.
    FabricTeal = fabric(0x1c6d74);
    /// Cushions.
    FabricCoral = fabric(0xe2705a);
    /// Cushions.
    FabricMustard = fabric(0xe0a840);
    /// Cushions.
    FabricSage = fabric(0x93a886);
    /// Stage drape.
    FabricNight = fabric(0x262c38);
    /// Clear panes.
    Glass = glass(0xdcebea, 0.16);
    /// Skylights and the front.
    GlassSky = glass(0xcfe4ea, 0.12);
    /// Coloured panes.
    GlassTeal = glass(0x2f9ba0, 0.34);
    /// Coloured panes.
    GlassCoral = glass(0xee7f62, 0.34);
    /// Coloured panes.
    GlassMustard = glass(0xf0bb4c, 0.34);
    /// Car windows.
    GlassDark = glass(0x11181c, 0.72);
    /// Broad leaves.
    Leaf = foliage(0x5f8f3e);
    /// Old leaves.
    LeafDark = foliage(0x3d6b36);
    /// Young leaves.
    LeafLight = foliage(0x9dbb55);
    /// Grey-green leaves.
    LeafOlive = foliage(0x8a9d6c);
    /// Whole twigs cut out of a card.
    LeafCard = Surface {
        base: Some(Texture::TwigCard), coverage: Coverage::Mask, double_sided: true, metres_per_repeat: None,
        ..paint(0xffffff, 0.7)
    };
    /// Petals.
    Petal = Surface { double_sided: true, ..paint(0xf0a08c, 0.7) };
    /// Trunks.
    Bark = Surface { normal: Some((Texture::BarkNormal, 1.0)), metres_per_repeat: Some(0.4), ..paint(0x6d5844, 0.95) };
    /// In planters.
    Soil = Surface { normal: Some((Texture::BarkNormal, 0.8)), metres_per_repeat: Some(0.5), ..paint(0x3c2f26, 1.0) };
    /// Pots.
    Terracotta = coated(0xc47a55, 0.85);
    /// Cups and vases.
    Ceramic = paint(0xf4efe6, 0.22);
    /// Cups and vases.
    CeramicTeal = paint(0x2d7d83, 0.2);
    /// Cups and vases.
    CeramicCoral = paint(0xdc7a60, 0.25);
    /// In cups.
    Coffee = paint(0x3a2114, 0.15);
    /// Roasted beans.
    CoffeeBean = paint(0x4b2a18, 0.45);
    /// Sacks.
    Jute = Surface { double_sided: false, ..fabric(0xb9955f) };
    /// Croissants and bread.
    Pastry = paint(0xcf8e42, 0.7);
    /// Pages.
    Paper = paint(0xf2ead9, 0.9);
    /// Book spines and covers, by atlas.
    Books = board(Texture::Books);
    /// Signs, first sheet.
    SignsBooths = board(Texture::SignsBooths);
    /// Signs, second sheet.
    SignsWays = board(Texture::SignsWays);
    /// Signs that glow, from the second sheet.
    SignsLit = Surface {
        emissive: Some((0xffffff, 0.9)), emissive_map: Some(Texture::SignsWays), ..board(Texture::SignsWays)
    };
    /// The stage's picture wall.
    StageScreen = Surface { emissive: Some((0xffffff, 1.25)), ..screen(Texture::StagePicture) };
    /// Booth screens, by atlas.
    Screens = screen(Texture::Screens);
    /// Photovoltaic cells.
    SolarCell = Surface {
        base: Some(Texture::SolarCell), metres_per_repeat: Some(1.0), ..paint(0xffffff, 0.12)
    };
    /// Model houses.
    ModelHouse = Surface { roughness: 0.6, ..paint(0xf2eee6, 0.6) };
    /// Model glazing that is lit.
    ModelWindows = Surface {
        base: Some(Texture::Facade), emissive: Some((0xffd9a0, 0.8)), emissive_map: Some(Texture::Facade),
        metres_per_repeat: Some(0.16), ..paint(0xdfe6ea, 0.4)
    };
    /// Sheet with round holes.
    Perforated = Surface {
        base: Some(Texture::Perforated), coverage: Coverage::Mask, double_sided: true,
        metres_per_repeat: Some(0.16), ..metal(0x8e959a, 0.5)
    };
    /// Warm light.
    LampWarm = lamp(0xffdca8, 3.0);
    /// Daylight tubes.
    LampCool = lamp(0xf2f7ff, 3.0);
    /// Accent light.
    LampCoral = lamp(0xff7a55, 2.0);
    /// Accent light.
    LampTeal = lamp(0x4fd8d2, 2.0);
    /// Ready.
    LampGreen = lamp(0x52e07a, 2.0);
    /// Stripes on the floor.
    FloorLine = paint(0xf3c21b, 0.6);
}
