//! The twelve booths: where each stands and which file builds it. A booth's own axes have the visitor at +Z and the
//! floor at y = 0; each is seven metres wide and six deep.

mod city;
mod glass;
mod greenhouse;
mod lattice;
mod library;
mod machines;
mod motors;
mod orbit;
mod roastery;
mod sails;
mod solar;
mod watch;

use super::{
    Kit, furniture, lettering,
    mesh::{Model, Placement},
    palette::Material,
    sweep,
    twin::{NodeId, Twin},
};
use glam::vec3;

pub use machines::beacon;

/// What builds a booth under its node.
type Build = fn(&mut Twin, &Plot, &Kit);

/// A booth's node and its entity id, such as `booth-03`.
pub struct Plot {
    /// The booth's own axes.
    pub node: NodeId,
    /// The stem of the ids of all that stands in it.
    pub id: String,
}

impl Plot {
    /// Gives a thing in the booth the id `booth-NN/name`.
    pub fn entity(&self, twin: &mut Twin, node: NodeId, name: &str) -> NodeId {
        twin.entity(node, format!("{}/{name}", self.id))
    }

    /// Stands a model that is an entity.
    pub fn stand(&self, twin: &mut Twin, name: &str, id: &str, model: Model, place: Placement) -> NodeId {
        let node = twin.stand(self.node, name, model, place);
        self.entity(twin, node, id)
    }

    /// The booth's floor.
    pub fn floor(&self, twin: &mut Twin, material: Material) {
        let floor = furniture::carpet(6.8, 5.8, 0.25, 0.04, material);
        let node = self.stand(twin, "Booth floor", "floor", floor, Placement::HERE);
        twin.shaded(node);
    }

    /// A board with the booth's name, its middle at `place`, facing +Z.
    pub fn sign(&self, twin: &mut Twin, title: &str, width: f32, frame: Material, place: Placement) {
        self.stand(twin, &format!("Sign: {title}"), "sign", lettering::board(title, width, frame), place);
    }

    /// A name board on two posts that stand on the floor, its middle 3.4 m high.
    pub fn gate_sign(&self, twin: &mut Twin, title: &str, width: f32, post: Material, place: Placement) {
        let mut model = Model::default();
        model.include(&lettering::double_board(title, width, post), Placement::at(0.0, 3.4, 0.0));
        for x in [-width * 0.5 - 0.06, width * 0.5 + 0.06] {
            model.add(
                post,
                sweep::bar(
                    vec3(x, 0.0, 0.0),
                    vec3(x, 3.4 + width / lettering::ASPECT * 0.5 + 0.05, 0.0),
                    0.035,
                    14,
                ),
            );
        }
        self.stand(twin, &format!("Sign: {title}"), "sign", model, place);
    }

    /// A screen on its foot.
    pub fn screen(&self, twin: &mut Twin, picture: usize, place: Placement) {
        self.stand(twin, "Screen", "screen", furniture::screen_on_foot(1.3, picture), place);
    }
}

/// Builds all twelve.
pub fn build(twin: &mut Twin, kit: &Kit) {
    let plots: [(&str, f32, f32, Build); 12] = [
        ("Larch & Lattice", -7.0, 11.0, lattice::build),
        ("Sailmakers", 7.0, 11.0, sails::build),
        ("Quire & Co", -16.0, 11.0, library::build),
        ("First Crack", 16.0, 11.0, roastery::build),
        ("Polis", -25.0, 11.0, city::build),
        ("Prism", 25.0, 11.0, glass::build),
        ("Tempora", -7.0, 2.0, watch::build),
        ("Volta", 7.0, 2.0, motors::build),
        ("Verdant", -16.0, 2.0, greenhouse::build),
        ("Helio", 16.0, 2.0, solar::build),
        ("Kestrel", -25.0, 2.0, machines::build),
        ("Orbit", 25.0, 2.0, orbit::build),
    ];
    let booths = twin.group(None, "Booths", Placement::HERE);
    for (index, (name, x, z, build)) in plots.into_iter().enumerate() {
        let number = index + 1;
        let node = twin.group(Some(booths), format!("Booth {number:02} {name}"), Placement::at(x, 0.0, z));
        let id = format!("booth-{number:02}");
        twin.entity(node, id.clone());
        build(twin, &Plot { node, id }, kit);
    }
}
