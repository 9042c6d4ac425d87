//! Acknowledgements: told once to those on call who rang, and to nobody else.

use super::*;

#[test]
fn those_on_call_who_rang_hear_once_that_somebody_has_taken_it() {
    let on_call = Manner {
        hears_acks: true,
        ..manner()
    };
    let desk = Desk::new(manners(
        &[
            ("desk", manner()),
            ("pager", on_call.clone()),
            ("other", on_call),
        ],
        &[plain()],
    ));
    let mut found = of("r", Severity::Critical);
    found.receivers = vec![to("desk"), to("pager")];
    let alert = desk
        .poll(vec![item("a", "one", vec![found])], "2026-11-24T10:00:00Z")
        .alerts[0];
    desk.deliver("2026-11-24T10:00:01Z");
    assert_eq!(desk.release("2026-11-24T10:00:02Z").single, 0);
    for _ in 0..2 {
        desk.write(move |tx| alerts::ack(tx, alert, "kim", at("2026-11-24T10:05:00Z")));
    }
    assert_eq!(desk.release("2026-11-24T10:05:01Z").single, 1);
    let told = desk.deliver("2026-11-24T10:05:02Z");
    let told: Vec<(&str, Reason)> = told
        .iter()
        .map(|told| (told.receiver.as_str(), told.reason))
        .collect();
    assert_eq!(told, [("pager", Reason::Acknowledged)]);
    assert_eq!(desk.release("2026-11-24T10:06:00Z").single, 0);
    assert_clean(&desk.store);
}

#[test]
fn where_nobody_is_on_call_nothing_follows() {
    let desk = Desk::of(manner(), plain());
    let alert = desk.alert("one", Severity::High, "2026-11-24T10:00:00Z");
    desk.deliver("2026-11-24T10:00:01Z");
    desk.write(move |tx| alerts::ack(tx, alert, "kim", at("2026-11-24T10:05:00Z")));
    assert_eq!(desk.release("2026-11-24T10:05:01Z").single, 0);
}
