//! How a receiver wants to be spoken to: language, zone, templates; and from an alert to its message.

use jiff::SignedDuration;

use super::Outgoing;
use super::service::Shape;
use super::template::Templates;
use crate::domain::alert::frame::Frame;
use crate::domain::alert::message::{self, Message, fit};

/// Turns alerts into messages for one receiver.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    frame: Frame,
    templates: Templates,
}

/// An alert that arrives later than this after failed attempts says so (DLV-15).
const LATE: SignedDuration = SignedDuration::from_hours(6);

impl Voice {
    /// Speaks so.
    pub(super) fn new(frame: Frame, templates: Templates) -> Self {
        Self { frame, templates }
    }

    /// The words and the zone.
    pub(super) fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The message for people.
    pub(super) fn message(&self, outgoing: &Outgoing) -> Message {
        let mut message = message::render(&outgoing.alert, &self.frame, outgoing.sent_at);
        self.templates.apply(&mut message, outgoing, &self.frame);
        let age = outgoing.sent_at.duration_since(outgoing.alert.created);
        if outgoing.alert.late_by.is_none() && outgoing.attempt > 1 && age >= LATE {
            message.say_late(&self.frame, age);
        }
        message
    }

    /// What a webhook's template makes of the alert; none without one, or where it fails.
    pub(super) fn raw_body(&self, outgoing: &Outgoing) -> Option<String> {
        let message = message::render(&outgoing.alert, &self.frame, outgoing.sent_at);
        self.templates.text("body", &message, outgoing, &self.frame)
    }

    /// The message in a shape, small enough for `fits`.
    pub(super) fn fitted(
        &self,
        outgoing: &Outgoing,
        shape: Shape,
        fits: impl Fn(&Message) -> bool,
    ) -> Message {
        let message = self.message(outgoing);
        match shape {
            Shape::Small => fit::fit(&fit::small(&message), fits),
            Shape::Whole | Shape::Plain => fit::fit(&message, fits),
        }
    }
}
