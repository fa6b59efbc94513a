//! Which part of which controller does what: our actions against OpenXR's interaction profiles, as data.
//!
//! A suggestion with one path that its profile lacks is refused whole, so a test holds every path against
//! the registry. Architecture invariant: plain data, no runtime.

/// What a person does, in our words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Where a hand holds what it holds: OpenXR's grip.
    Palm,
    /// Where it points.
    Aim,
    /// What it touches with.
    Poke,
    /// Trigger, pinch, or the only button.
    Select,
    /// Squeeze or fist.
    Grab,
    /// Opens and closes the menu.
    Menu,
    /// Thumbstick or pad.
    Stick,
    /// What the hand can feel.
    Haptic,
    /// Where the eyes look.
    Gaze,
}

/// OpenXR's kinds of action. A runtime makes a number of a click where the action wants one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionType {
    /// Down or up.
    Boolean,
    /// 0 ..= 1.
    Float,
    /// −1 ..= 1 each.
    Vector2,
    /// A place and a turn.
    Pose,
    /// Goes the other way.
    Vibration,
}

/// Whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The same on both hands.
    Both,
    /// The left hand's alone.
    Left,
    /// The right hand's alone.
    Right,
    /// The eyes'.
    Eyes,
}

/// What a profile takes to be known to a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Version 1.0 of the standard.
    Core,
    /// An extension, by its name in the standard.
    Extension(&'static str),
}

/// What says its will with a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A controller.
    Controller,
    /// Nothing: the bare hand.
    Nothing,
    /// Not a hand.
    Eyes,
}

/// One row: this part does that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// What it does.
    pub action: Action,
    /// Whose part.
    pub whose: Whose,
    /// Below the user's path, such as `input/trigger/value`.
    pub part: &'static str,
}

/// One kind of controller, or hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Below `/interaction_profiles/`.
    pub name: &'static str,
    /// What it takes.
    pub needs: Needs,
    /// What the hand holds that has it.
    pub held: Held,
    /// Its parts in use.
    pub bindings: &'static [Binding],
}

/// The user's hands: left, then right.
pub const HANDS: [&str; 2] = ["/user/hand/left", "/user/hand/right"];

/// The user's eyes.
pub const EYES: &str = "/user/eyes_ext";

/// The extension that knows where any hand or controller pokes.
pub const HAND_INTERACTION: &str = "XR_EXT_hand_interaction";

/// The part of any hand or controller that touches, where [`HAND_INTERACTION`] is there.
pub const POKE: Binding = both(Action::Poke, "input/poke_ext/pose");

impl Action {
    /// All, in the order in which they are made.
    pub const ALL: [Self; 9] = [
        Self::Palm,
        Self::Aim,
        Self::Poke,
        Self::Select,
        Self::Grab,
        Self::Menu,
        Self::Stick,
        Self::Haptic,
        Self::Gaze,
    ];

    /// Its name to the runtime, and to people who bind it anew.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Palm => ("palm", "Hand"),
            Self::Aim => ("aim", "Point"),
            Self::Poke => ("poke", "Touch"),
            Self::Select => ("select", "Select and teleport"),
            Self::Grab => ("grab", "Grab"),
            Self::Menu => ("menu", "Menu"),
            Self::Stick => ("stick", "Teleport, walk and turn"),
            Self::Haptic => ("haptic", "Feel"),
            Self::Gaze => ("gaze", "Look"),
        }
    }

    /// Of what kind it is.
    pub fn kind(self) -> ActionType {
        match self {
            Self::Palm | Self::Aim | Self::Poke | Self::Gaze => ActionType::Pose,
            Self::Select | Self::Grab => ActionType::Float,
            Self::Menu => ActionType::Boolean,
            Self::Stick => ActionType::Vector2,
            Self::Haptic => ActionType::Vibration,
        }
    }
}

impl Binding {
    /// The user's path in front of the part: one for each hand that has it.
    pub fn users(self) -> &'static [&'static str] {
        match self.whose {
            Whose::Both => &HANDS,
            Whose::Left => &["/user/hand/left"],
            Whose::Right => &["/user/hand/right"],
            Whose::Eyes => &[EYES],
        }
    }
}

impl Profile {
    /// As a runtime names it.
    pub fn path(&self) -> String {
        format!("/interaction_profiles/{}", self.name)
    }

    /// Whether a poke pose may be bound as well, where [`HAND_INTERACTION`] is there.
    pub fn can_poke(&self) -> bool {
        self.held == Held::Controller
    }
}

/// The profile that a runtime names so.
pub fn profile(path: &str) -> Option<&'static Profile> {
    let name = path.strip_prefix("/interaction_profiles/")?;
    PROFILES.iter().find(|profile| profile.name == name)
}

const fn both(action: Action, part: &'static str) -> Binding {
    Binding { action, whose: Whose::Both, part }
}

const fn left(action: Action, part: &'static str) -> Binding {
    Binding { action, whose: Whose::Left, part }
}

const fn right(action: Action, part: &'static str) -> Binding {
    Binding { action, whose: Whose::Right, part }
}

const PALM: Binding = both(Action::Palm, "input/grip/pose");
const AIM: Binding = both(Action::Aim, "input/aim/pose");
const TRIGGER: Binding = both(Action::Select, "input/trigger/value");
const SQUEEZE: Binding = both(Action::Grab, "input/squeeze/value");
const SQUEEZE_CLICK: Binding = both(Action::Grab, "input/squeeze/click");
const MENU: Binding = both(Action::Menu, "input/menu/click");
const STICK: Binding = both(Action::Stick, "input/thumbstick");
const HAPTIC: Binding = both(Action::Haptic, "output/haptic");

/// Touch controllers have one menu button, on the left; the upper face button of either hand does the
/// same, because the menu comes to the hand that asked. (On the right the menu button is the system's.)
const TOUCH: &[Binding] = &[
    PALM,
    AIM,
    TRIGGER,
    SQUEEZE,
    STICK,
    HAPTIC,
    left(Action::Menu, "input/menu/click"),
    left(Action::Menu, "input/y/click"),
    right(Action::Menu, "input/b/click"),
];

/// All profiles that are suggested, the simplest first. A runtime takes the one that fits best, and makes
/// what it does not find here from one that it does.
pub const PROFILES: &[Profile] = &[
    Profile {
        name: "khr/simple_controller",
        needs: Needs::Core,
        held: Held::Controller,
        bindings: &[PALM, AIM, both(Action::Select, "input/select/click"), MENU, HAPTIC],
    },
    Profile {
        name: "khr/generic_controller",
        needs: Needs::Extension("XR_KHR_generic_controller"),
        held: Held::Controller,
        bindings: &[PALM, AIM, TRIGGER, SQUEEZE, STICK, HAPTIC, both(Action::Menu, "input/secondary/click")],
    },
    Profile { name: "oculus/touch_controller", needs: Needs::Core, held: Held::Controller, bindings: TOUCH },
    Profile {
        name: "facebook/touch_controller_pro",
        needs: Needs::Extension("XR_FB_touch_controller_pro"),
        held: Held::Controller,
        bindings: TOUCH,
    },
    Profile {
        name: "meta/touch_controller_plus",
        needs: Needs::Extension("XR_META_touch_controller_plus"),
        held: Held::Controller,
        bindings: TOUCH,
    },
    // No thumbstick: the pad says where a thumb lies, and a thumb at rest means nothing near its middle.
    Profile {
        name: "htc/vive_controller",
        needs: Needs::Core,
        held: Held::Controller,
        bindings: &[PALM, AIM, TRIGGER, SQUEEZE_CLICK, MENU, both(Action::Stick, "input/trackpad"), HAPTIC],
    },
    // Its system button is the runtime's and it has no menu button: the upper face button it is.
    Profile {
        name: "valve/index_controller",
        needs: Needs::Core,
        held: Held::Controller,
        bindings: &[
            PALM,
            AIM,
            TRIGGER,
            // Fingers lie on the grip all the time; its force says what is meant.
            both(Action::Grab, "input/squeeze/force"),
            STICK,
            HAPTIC,
            both(Action::Menu, "input/b/click"),
        ],
    },
    Profile {
        name: "microsoft/motion_controller",
        needs: Needs::Core,
        held: Held::Controller,
        bindings: &[PALM, AIM, TRIGGER, SQUEEZE_CLICK, MENU, STICK, HAPTIC],
    },
    Profile {
        name: "hp/mixed_reality_controller",
        needs: Needs::Extension("XR_EXT_hp_mixed_reality_controller"),
        held: Held::Controller,
        bindings: &[PALM, AIM, TRIGGER, SQUEEZE, MENU, STICK, HAPTIC],
    },
    Profile {
        name: "bytedance/pico_neo3_controller",
        needs: Needs::Extension("XR_BD_controller_interaction"),
        held: Held::Controller,
        bindings: &[
            PALM,
            AIM,
            TRIGGER,
            SQUEEZE,
            MENU,
            STICK,
            HAPTIC,
            left(Action::Menu, "input/y/click"),
            right(Action::Menu, "input/b/click"),
        ],
    },
    Profile {
        name: "bytedance/pico4_controller",
        needs: Needs::Extension("XR_BD_controller_interaction"),
        held: Held::Controller,
        bindings: TOUCH,
    },
    // A hand has no menu button: the menu is reached at the wrist, see `rig::wrist`.
    Profile {
        name: "ext/hand_interaction_ext",
        needs: Needs::Extension(HAND_INTERACTION),
        held: Held::Nothing,
        bindings: &[
            PALM,
            AIM,
            POKE,
            // What is near is pinched, what is far is activated: the larger of both counts.
            both(Action::Select, "input/pinch_ext/value"),
            both(Action::Select, "input/aim_activate_ext/value"),
            both(Action::Grab, "input/grasp_ext/value"),
        ],
    },
    Profile {
        name: "ext/eye_gaze_interaction",
        needs: Needs::Extension("XR_EXT_eye_gaze_interaction"),
        held: Held::Eyes,
        bindings: &[Binding { action: Action::Gaze, whose: Whose::Eyes, part: "input/gaze_ext/pose" }],
    },
];

#[cfg(test)]
mod tests;
