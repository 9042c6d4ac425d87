//! Several rules that find one story: one message to people, one each to machines (DLV-37).

use super::*;

const NOW: &str = "2026-11-24T10:00:00Z";
const SOON: &str = "2026-11-24T10:00:10Z";

/// A desk on which two rules find one entry: the alerts of the graver and of the other one.
fn found_twice() -> (Desk, i64, i64) {
    let desk = Desk::new(manners(
        &[("desk", manner())],
        &[plain(), rule("s", |_| ())],
    ));
    let both = vec![of("s", Severity::Low), of("r", Severity::High)];
    let result = desk.poll(vec![item("a", "one", both)], NOW);
    let [low, high] = result.alerts[..] else {
        panic!("{result:?}");
    };
    (desk, high, low)
}

fn end(desk: &Desk, claimed: Claimed, attempt: Attempt, state: DeliveryState) {
    desk.settle(vec![claimed], attempt, state, at(NOW));
}

fn beside_of(claimed: &Claimed) -> Vec<i64> {
    claimed.beside.iter().map(|other| other.alert).collect()
}

#[test]
fn rules_that_find_one_entry_are_one_message_to_people_and_one_each_to_machines() {
    let (machines, ..) = found_twice();
    assert_eq!(machines.claim("desk", at(NOW)).len(), 2);
    let (desk, high, low) = found_twice();
    let claimed = desk.claim_for_people(NOW).unwrap();
    assert_eq!((claimed.alert, beside_of(&claimed)), (high, vec![low]));
    assert_eq!(desk.claim_for_people(NOW), None);
    let key = claimed.key.clone();
    end(
        &desk,
        claimed,
        Attempt::delivered(),
        DeliveryState::Delivered,
    );
    assert_eq!(desk.one(high), ("delivered".into(), String::new()));
    assert_eq!(
        desk.one(low),
        ("delivered".into(), format!("in message {key}"))
    );
    assert_clean(&desk.store);
}

#[test]
fn what_is_tried_again_or_was_lost_comes_as_the_same_message() {
    let (desk, high, low) = found_twice();
    for lost in [false, true] {
        let claimed = desk.claim_for_people(SOON).unwrap();
        assert_eq!((claimed.alert, beside_of(&claimed)), (high, vec![low]));
        if lost {
            desk.write(|tx| outbox::void_leases(tx, "another", at(SOON)));
        } else {
            let again = DeliveryState::Due { due: at(SOON) };
            end(&desk, claimed, Attempt::later("503"), again);
        }
    }
    // What is found meanwhile is not added to a message that may have arrived.
    let other = desk.poll(vec![item("b", "one", vec![of("t", Severity::Low)])], NOW);
    let claimed = desk.claim_for_people(SOON).unwrap();
    assert_eq!(beside_of(&claimed), [low]);
    end(
        &desk,
        claimed,
        Attempt::delivered(),
        DeliveryState::Delivered,
    );
    let claimed = desk.claim_for_people(SOON).unwrap();
    assert_eq!(
        (claimed.alert, beside_of(&claimed)),
        (other.alerts[0], vec![])
    );
}

#[test]
fn what_is_refused_together_is_tried_alone() {
    let (desk, high, low) = found_twice();
    let claimed = desk.claim_for_people(NOW).unwrap();
    let dead = DeliveryState::Dead {
        why: "400".to_owned(),
    };
    end(&desk, claimed, Attempt::permanent("400"), dead);
    assert_eq!(desk.one(high).0, "dead");
    let claimed = desk.claim_for_people(NOW).unwrap();
    assert_eq!((claimed.alert, beside_of(&claimed)), (low, vec![]));
}

#[test]
fn what_a_silence_holds_comes_in_no_message_and_costs_no_token() {
    let (desk, high, low) = found_twice();
    desk.silence(silence("s", NOW, "2026-11-24T12:00:00Z"), NOW);
    let claimed = desk.claim_for_people(NOW).unwrap();
    assert_eq!((claimed.alert, beside_of(&claimed)), (high, vec![]));
    assert_eq!(desk.one(low).0, "held");

    // One message an hour: a message that a silence stops at the last moment leaves the hour to the next.
    let limits = Limits {
        destination: "x".to_owned(),
        rates: vec![parse_rate("1/h").unwrap()],
    };
    let desk = Desk::of(manner(), plain());
    let first = desk.alert("one", Severity::High, NOW);
    let new = silence("r", NOW, "2026-11-24T12:00:00Z");
    desk.write(move |tx| silences::add(tx, &new, at(NOW)));
    let other = desk.poll(vec![item("a", "two", vec![of("t", Severity::Low)])], NOW);
    let claimed = desk.claim_within("desk", Some(1), limits, at(NOW));
    let alerts: Vec<i64> = claimed.iter().map(|row| row.alert).collect();
    assert_eq!((desk.one(first).0.as_str(), alerts), ("held", other.alerts));
}
