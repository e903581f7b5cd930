//! Whatever happens, in whatever order: the rules hold, and the plan answers what a second, independent
//! account of the rules answers. Every run tries the same cases.

mod command;
mod model;
mod world;

use std::{cell::RefCell, collections::BTreeMap};

use proptest::{
    collection::vec,
    test_runner::{Config, RngSeed, TestRunner},
};

use crate::{
    command::{Answer, Command},
    model::Model,
    world::World,
};

/// Lets many families live, all under `limit` to begin with, and answers how often each answer was given.
fn live(limit: u32) -> BTreeMap<String, usize> {
    let config = Config {
        cases: 300,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(u64::from(limit)),
        ..Config::default()
    };
    let tally = RefCell::new(BTreeMap::new());
    TestRunner::new(config)
        .run(&vec(command::any_under(limit), 1..120), |commands| {
            let mut world = World::new(limit);
            let mut model = Model::new(limit);
            for command in &commands {
                let command = command.counted_from_the_first(world.n_invites());
                let answer = step(&mut world, &mut model, &command);
                *tally.borrow_mut().entry(answer.kind()).or_default() += 1;
            }
            assert_agreement_on_every_invite(&world, &model);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    tally.into_inner()
}

fn step(world: &mut World, model: &mut Model, command: &Command) -> Answer {
    let before = [0, 1].map(|slot| world.seats(slot));
    let held_seat = match command {
        Command::Accept { invite, .. } => model.held_seat(*invite),
        _ => false,
    };

    let answer = world.run(command);
    let expected = model.run(command);

    assert_eq!(answer, expected, "{command:?}");
    world.assert_sound();
    for slot in [0, 1] {
        assert_eq!(world.seats(slot), model.seats(slot), "the seats of {slot} after {command:?}");
        assert_eq!(world.members(slot), model.members_of(slot), "the members of {slot} after {command:?}");
    }
    if let Answer::Joined { slot } = answer {
        let (limit, used, held) = world.seats(slot).expect("somebody has just joined it");
        let (_, used_before, held_before) = before[slot].expect("somebody has just joined it");
        assert!(used <= limit, "{used} seats of {limit} are taken after {command:?}");
        assert_eq!(used, used_before + 1);
        assert_eq!(held, held_before - u32::from(held_seat));
    }
    answer
}

fn assert_agreement_on_every_invite(world: &World, model: &Model) {
    for invite in 0..world.n_invites() {
        assert_eq!(world.standing(invite), model.standing(invite), "invite {invite}");
        for person in command::PEOPLE {
            assert_eq!(
                world.verdict(invite, person),
                model.verdict(invite, person),
                "invite {invite}, person {person}"
            );
        }
    }
}

fn assert_seen(tally: &BTreeMap<String, usize>, kinds: &[&str]) {
    for &kind in kinds {
        assert!(tally.contains_key(kind), "no case led to `{kind}`: {tally:?}");
    }
}

const ALWAYS: &[&str] = &[
    "done",
    "no such thing",
    "joined",
    "plan_full",
    "already_in_plan",
    "own_plan",
    "owner_cannot_leave",
    "not_a_member",
];

const WITH_SEATS_TO_SHARE: &[&str] = &[
    "replayed",
    "invite_revoked",
    "invite_used",
    "invite_expired",
    "invite_barred",
    "detached, invite open",
    "detached, invite expired",
    "detached, invite revoked",
    "detached, no invite",
];

#[test]
fn the_rules_hold_with_one_seat() {
    assert_seen(&live(1), ALWAYS);
}

#[test]
fn the_rules_hold_with_two_seats() {
    let tally = live(2);
    assert_seen(&tally, ALWAYS);
    assert_seen(&tally, WITH_SEATS_TO_SHARE);
}

#[test]
fn the_rules_hold_with_five_seats() {
    let tally = live(5);
    assert_seen(&tally, ALWAYS);
    assert_seen(&tally, &["too_many_invites"]);
    assert_seen(&tally, WITH_SEATS_TO_SHARE);
}
