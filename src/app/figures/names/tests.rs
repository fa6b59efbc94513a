//! The pool without a GPU and without its thread.
#![allow(clippy::unwrap_used)]

use super::*;

/// Everything that threads and renderer do, at once.
fn settle(names: &mut Names) -> Vec<Job> {
    let jobs: Vec<Job> = std::iter::from_fn(|| names.next_job()).collect();
    for job in &jobs {
        names.set(Done { layer: job.layer, plate: Arc::new(NamePlate::of(&job.name)) });
    }
    let mut uploaded = Vec::new();
    names.upload(|upload| {
        let Upload::Name { layer, .. } = upload else { panic!("only names") };
        uploaded.push(layer);
        true
    });
    uploaded.into_iter().for_each(|layer| names.arrived(layer));
    jobs
}

#[test]
fn a_name_is_set_once_and_its_layer_given_on_when_the_person_left() {
    let mut names = Names::default();
    assert_eq!(names.ask(7, "Ada", 2.0), None);
    assert!(!names.is_settled());
    names.end_frame();
    assert_eq!(settle(&mut names), [Job { layer: NameLayer::default(), name: "Ada".to_owned() }]);
    assert_eq!(names.ask(7, "Ada", 2.0), Some(NameLayer::default()));
    names.end_frame();
    assert!(settle(&mut names).is_empty() && names.is_settled());
    names.end_frame();
    assert_eq!(names.ask(8, "Bob", 2.0), None, "the layer is free, but its name is not there yet");
    settle(&mut names);
    assert_eq!(names.ask(8, "Bob", 2.0), Some(NameLayer::default()));
    // A new name is a new plate.
    assert_eq!(names.ask(8, "Robert", 2.0), None);
    assert_eq!(settle(&mut names).len(), 1);
    assert!(names.ask(8, "Robert", 2.0).is_some());
}

/// Whatever is on its way for somebody who left never shows on somebody else.
#[test]
fn a_layer_waits_for_what_is_on_its_way() {
    let mut names = Names::default();
    names.ask(1, "Ada", 2.0);
    let job = names.next_job().unwrap();
    names.end_frame();
    names.end_frame();
    names.ask(2, "Bob", 2.0);
    let other = names.next_job().unwrap();
    assert_ne!(job.layer, other.layer);
    names.set(Done { layer: job.layer, plate: Arc::new(NamePlate::of("Ada")) });
    names.upload(|_| panic!("nobody is there to show it"));
    names.put_back(&other);
    assert_eq!(names.next_job(), Some(other));
}

#[test]
fn the_pool_is_bounded_and_a_full_queue_costs_nothing() {
    let mut names = Names::default();
    for visitor in 0..100 {
        names.ask(visitor, "Somebody", 2.0);
    }
    let jobs: Vec<Job> = std::iter::from_fn(|| names.next_job()).collect();
    assert_eq!(jobs.len(), usize::from(NAME_LAYERS));
    names.set(Done { layer: jobs[0].layer, plate: Arc::new(NamePlate::of("Somebody")) });
    names.upload(|_| false);
    let mut count = 0;
    names.upload(|_| {
        count += 1;
        true
    });
    assert_eq!(count, 1, "what was refused is offered again");
}

/// The nearest are named, but a step to and fro changes nothing.
#[test]
fn in_a_crowd_the_nearest_have_names() {
    let mut names = Names::default();
    for visitor in 0..32 {
        names.ask(visitor, "Somebody", visitor as f32 * 0.3);
    }
    names.end_frame();
    settle(&mut names);
    // The farthest is at 9.3 m.
    assert_eq!((names.ask(50, "Nearly", 8.5), settle(&mut names).len()), (None, 0));
    assert_eq!((names.ask(51, "Nearer", 8.0), settle(&mut names).len()), (None, 1));
    assert_eq!(names.ask(51, "Nearer", 8.0).map(NameLayer::index), Some(31));
    assert_eq!((names.ask(31, "Somebody", 9.3), settle(&mut names).len()), (None, 0));
}
