//! Whom one sees how, without a GPU.
#![allow(clippy::unwrap_used)]

use super::*;

fn somebody(distance: f32) -> Figure<'static> {
    let at = |x: f32, y: f32| Pose { position: Vec3::new(x, y, -distance), ..Pose::IDENTITY };
    Figure { visitor: 1, name: "Ada", color_key: 5, head: at(0.0, 1.7), hands: [None, Some(at(0.3, 1.5))] }
}

const VIEWER: Vec3 = Vec3::new(0.0, 1.7, 0.0);

fn shapes(figures: &Figures) -> Vec<(Shape, u8)> {
    figures.actors().iter().map(|actor| (actor.shape, actor.tint[3])).collect()
}

/// Sets names and pretends that they were uploaded.
fn settle(figures: &mut Figures, people: &[Figure<'_>]) {
    loop {
        figures.show(people.iter().copied(), VIEWER);
        let mut layers = Vec::new();
        figures.upload(|upload| {
            let Upload::Name { layer, .. } = upload else { panic!("only names") };
            layers.push(layer);
            true
        });
        layers.into_iter().for_each(|layer| figures.name_arrived(layer));
        if figures.is_settled() {
            return figures.show(people.iter().copied(), VIEWER);
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_person_is_a_head_the_hands_that_are_known_and_soon_a_name() {
    let mut figures = Figures::new().unwrap();
    figures.show([somebody(3.0)], VIEWER);
    assert_eq!(shapes(&figures), [(Shape::Head, 255), (Shape::RightHand, 255)]);
    settle(&mut figures, &[somebody(3.0)]);
    assert_eq!(shapes(&figures)[2], (Shape::NameTag, 255));
    let [r, g, b, _] = figures.actors()[0].tint;
    assert_eq!([r, g, b], palette::color_of(5));
    figures.show([], VIEWER);
    assert!(figures.actors().is_empty());
}

#[test]
fn who_comes_too_near_fades_and_who_is_far_has_no_name() {
    let mut figures = Figures::new().unwrap();
    let mut of = |distance| {
        settle(&mut figures, &[somebody(distance)]);
        shapes(&figures)
    };
    assert_eq!(of(0.39), [(Shape::RightHand, 255)]);
    let faint = of(0.5);
    assert!(
        matches!(faint[..], [(Shape::Head, 126..=129), (Shape::RightHand, 255)]),
        "half of it: {faint:?}"
    );
    assert_eq!(of(0.7).len(), 3);
    assert_eq!(of(11.9).len(), 3);
    assert_eq!(of(12.1).len(), 2);
    assert_eq!((tag_scale(1.0), tag_scale(5.0), tag_scale(8.0)), (TAG_SCALE_MIN, 1.0, 1.0));
}

/// Read from +Z, upright, whatever the viewer's height; never no number.
#[test]
fn a_tag_turns_towards_the_viewer_and_stays_upright() {
    let head = Vec3::new(1.0, 1.7, 2.0);
    for viewer in [Vec3::new(4.0, 1.2, 2.0), Vec3::new(-3.0, 3.0, 9.0), Vec3::new(1.0, 1.7, -5.0)] {
        let place = tag_place(head, viewer, 1.0);
        let facing = Vec3::from(place.matrix3.z_axis);
        let level = (viewer - head) * Vec3::new(1.0, 0.0, 1.0);
        assert!(facing.dot(level.normalize_or_zero()) > 0.9999, "{facing}");
        assert!(Vec3::from(place.matrix3.y_axis).abs_diff_eq(Vec3::Y, 1e-6));
    }
    assert!(tag_place(head, head + Vec3::Y, 1.0).is_finite());
}

/// Once everybody is there, showing them again asks for no memory.
#[test]
fn showing_the_same_people_allocates_nothing() {
    let names: Vec<String> = (0..20).map(|index| format!("Visitor number {index}")).collect();
    let people: Vec<Figure<'_>> = names
        .iter()
        .enumerate()
        .map(|(index, name)| Figure { visitor: index as u32, name, ..somebody(2.0 + index as f32 * 0.4) })
        .collect();
    let mut figures = Figures::new().unwrap();
    settle(&mut figures, &people);
    assert_eq!(figures.actors().len(), 60);
    let ((), heard) = crate::tests::allocator::during(|| figures.show(people.iter().copied(), VIEWER));
    assert_eq!((heard.ours, heard.theirs), (Vec::new(), 0));
}
