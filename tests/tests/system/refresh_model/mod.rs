//! A model of how three instances refresh one session, of which every reachable state is looked at.
//!
//! It has Logto's rules for refresh tokens, the store with session and lease, and the steps that
//! `flow/leased_refresh.rs` and, in `session/manager`, `refresh_turn.rs` and `leases.rs` take, each
//! cut off from the next by whatever the others do. Time passes in half seconds, when nothing is
//! left that happens at once. DESIGN.md says what this proves and what it does not.

mod state;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use state::State;

/// What this version does, and what earlier ones did.
#[derive(Clone, Copy)]
struct Rules {
    /// Half seconds that a lease lives without a sign of life.
    lease: i8,
    /// The store says when a lease has ended, not the clock of an instance.
    store_time: bool,
    /// A sign of life whose answer was lost does not cost the lease.
    regains: bool,
    /// After an outage of the store those come first who hold an answer, or wait for one.
    head_start: bool,
    /// An answer that replaces no token, or a token that is not there any more, changes none.
    merges: bool,
    /// A session that is over is not stored again.
    compares: bool,
    /// An instance that lost its lease before it sent anything begins again.
    begins_again: bool,
    /// What the store does not take is kept and tried again.
    keeps: bool,
    /// A process that is asked to stop finishes what it began.
    drains: bool,
}

const NOW: Rules = Rules {
    lease: 2,
    store_time: true,
    regains: true,
    head_start: true,
    merges: true,
    compares: true,
    begins_again: true,
    keeps: true,
    drains: true,
};

/// What goes wrong in a run: one of the first three, and each of the others once.
#[derive(Clone, Copy)]
struct Faults {
    instance: bool,
    connection: bool,
    store: bool,
    sign_of_life: bool,
    sign_out: bool,
    /// The only instance that anyone asks is told to stop.
    stop: bool,
}

const NONE: Faults = Faults {
    instance: false,
    connection: false,
    store: false,
    sign_of_life: false,
    sign_out: false,
    stop: false,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Violation {
    /// The user is signed out, and did not sign out.
    Lost,
    /// The user signed out, and is signed in.
    Stayed,
    /// A refresh token was sent twice although its holder was there all the time.
    Twice,
}

/// A shortest way to one of the violations, and how many states were looked at.
fn explore(
    rules: Rules,
    faults: Faults,
    violations: &[Violation],
) -> (Option<Vec<&'static str>>, usize) {
    let first = State::new(faults);
    let mut states = vec![(first, 0, "")];
    let mut known = HashMap::from([(first, 0)]);
    let mut next = 0;
    while let Some((state, ..)) = states.get(next).copied() {
        if violations.iter().any(|violation| state.has(*violation, faults)) {
            let mut way = Vec::new();
            let mut at = next;
            while at != 0 {
                way.push(states[at].2);
                at = states[at].1;
            }
            way.reverse();
            return (Some(way), states.len());
        }
        for (what, successor) in state.successors(rules, faults) {
            if let Entry::Vacant(new) = known.entry(successor) {
                new.insert(states.len());
                states.push((successor, next, what));
            }
        }
        next += 1;
    }
    (None, states.len())
}

fn assert_found(rules: Rules, faults: Faults, violation: Violation) {
    let (way, states) = explore(rules, faults, &[violation]);
    assert!(way.is_some(), "{violation:?} was not found in {states} states");
}

const OF_AN_INSTANCE: Faults = Faults { instance: true, ..NONE };
const OF_A_CONNECTION: Faults = Faults { connection: true, ..NONE };
const OF_THE_STORE: Faults = Faults { store: true, ..NONE };
const OF_A_SIGN_OF_LIFE: Faults = Faults { sign_of_life: true, ..NONE };
const STOP: Faults = Faults { stop: true, ..NONE };

#[test]
fn no_fault_that_can_be_survived_loses_or_keeps_a_user() {
    for faults in [
        Faults { sign_out: true, sign_of_life: true, ..OF_AN_INSTANCE },
        Faults { sign_out: true, sign_of_life: true, ..OF_A_CONNECTION },
        Faults { sign_out: true, sign_of_life: true, ..OF_THE_STORE },
        Faults { sign_out: true, ..STOP },
    ] {
        let all = [Violation::Lost, Violation::Stayed, Violation::Twice];
        let (way, states) = explore(NOW, faults, &all);
        assert!(way.is_none(), "{way:#?}");
        assert!(states > 100, "{states}");
    }
}

#[test]
fn a_late_answer_without_a_new_token_must_not_replace_a_newer_one() {
    assert_found(Rules { merges: false, ..NOW }, OF_AN_INSTANCE, Violation::Lost);
    assert_found(Rules { merges: false, ..NOW }, OF_A_CONNECTION, Violation::Lost);
}

#[test]
fn a_process_must_not_end_before_the_answer_is_stored() {
    assert_found(Rules { drains: false, ..NOW }, STOP, Violation::Lost);
}

#[test]
fn a_dead_instance_must_be_followed_soon() {
    assert_found(Rules { lease: 5, ..NOW }, OF_AN_INSTANCE, Violation::Lost);
}

#[test]
fn a_lost_sign_of_life_must_not_cost_the_lease() {
    assert_found(Rules { regains: false, ..NOW }, OF_A_SIGN_OF_LIFE, Violation::Twice);
}

#[test]
fn an_instance_that_stood_still_must_look_again_before_it_sends() {
    assert_found(Rules { begins_again: false, ..NOW }, OF_AN_INSTANCE, Violation::Lost);
}

#[test]
fn an_answer_must_be_kept_until_the_store_takes_it() {
    assert_found(Rules { keeps: false, ..NOW }, OF_THE_STORE, Violation::Lost);
}

#[test]
fn after_an_outage_those_who_hold_an_answer_must_come_first() {
    assert_found(Rules { head_start: false, ..NOW }, OF_THE_STORE, Violation::Twice);
    assert_found(Rules { head_start: false, ..NOW }, OF_THE_STORE, Violation::Lost);
}

#[test]
fn leases_must_not_depend_on_the_clocks_of_instances() {
    assert_found(Rules { store_time: false, ..NOW }, NONE, Violation::Twice);
    assert_found(Rules { store_time: false, ..NOW }, OF_AN_INSTANCE, Violation::Lost);
}

#[test]
fn a_refresh_under_way_must_not_bring_back_a_session_that_is_over() {
    assert_found(
        Rules { compares: false, ..NOW },
        Faults { sign_out: true, ..NONE },
        Violation::Stayed,
    );
}
