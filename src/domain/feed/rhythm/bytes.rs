//! A rhythm as the store keeps it: at most 480 bytes, none for a feed of which nothing is known.
//!
//! Little-endian and numbered; what cannot be read counts as nothing known, since a poll must not fail over
//! a statistic.

use super::{Pairs, Rhythm};
use crate::domain::feed::rate::Changes;
use crate::domain::feed::week::{HOURS, Week};

/// The form written here.
const FORM: u8 = 1;

const HAS_CHANGES: u8 = 1;
const HAS_WEEK: u8 = 2;
const HAS_FEW_HOURS: u8 = 4;

/// With fewer hours than this, each is written with its place.
const FEW: usize = 100;

/// Reads field after field.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn short(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn time(&mut self) -> Option<i64> {
        self.take().map(i64::from_le_bytes)
    }

    /// A count: finite and not negative, whatever the bytes say.
    fn count(&mut self) -> Option<f64> {
        let number = f64::from(self.take().map(f32::from_le_bytes)?);
        Some(if number.is_finite() {
            number.max(0.0)
        } else {
            0.0
        })
    }
}

impl Rhythm {
    /// The bytes to keep; none where nothing is known.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        if *self == Self::default() {
            return None;
        }
        let hours = self.week.cells.iter().filter(|cell| **cell > 0).count();
        let week = match hours {
            0 => 0,
            1..FEW => HAS_FEW_HOURS,
            _ => HAS_WEEK,
        };
        let changes = if self.changes.is_some() {
            HAS_CHANGES
        } else {
            0
        };
        let mut bytes = vec![FORM, week | changes, self.quick];
        bytes.extend(self.polls.to_le_bytes());
        bytes.extend(self.document.to_le_bytes());
        for at in [self.since, self.newest] {
            bytes.extend(at.unwrap_or(i64::MIN).to_le_bytes());
        }
        let Pairs {
            seen,
            close,
            expected,
        } = self.pairs;
        for count in [
            self.single,
            self.matched,
            self.judged,
            seen,
            close,
            expected,
        ] {
            bytes.extend(short_float(count));
        }
        if let Some(changes) = &self.changes {
            bytes.extend(short_float(changes.unchanged));
            for (polls, gaps) in changes.changed {
                bytes.extend(short_float(polls));
                bytes.extend(short_float(gaps));
            }
        }
        write_week(&self.week, week, &mut bytes);
        Some(bytes)
    }

    /// What `bytes` say; nothing known where they cannot be read.
    #[must_use]
    pub fn from_bytes(bytes: Option<&[u8]>) -> Self {
        bytes.and_then(read).unwrap_or_default()
    }
}

fn write_week(week: &Week, how: u8, bytes: &mut Vec<u8>) {
    let filled = (0_u8..)
        .zip(week.cells.iter())
        .filter(|(_, cell)| **cell > 0);
    match how {
        HAS_WEEK => {
            bytes.extend(short_float(week.unit));
            bytes.extend(week.cells.iter().flat_map(|cell| cell.to_le_bytes()));
        }
        HAS_FEW_HOURS => {
            bytes.extend(short_float(week.unit));
            for (hour, cell) in filled {
                bytes.push(hour);
                bytes.extend(cell.to_le_bytes());
            }
        }
        _ => {}
    }
}

fn read(bytes: &[u8]) -> Option<Rhythm> {
    let mut reader = Reader(bytes);
    if reader.byte()? != FORM {
        return None;
    }
    let flags = reader.byte()?;
    let mut rhythm = Rhythm {
        quick: reader.byte()?,
        polls: reader.short()?,
        document: reader.short()?,
        since: Some(reader.time()?).filter(|at| *at != i64::MIN),
        newest: Some(reader.time()?).filter(|at| *at != i64::MIN),
        single: reader.count()?,
        matched: reader.count()?,
        judged: reader.count()?,
        pairs: Pairs {
            seen: reader.count()?,
            close: reader.count()?,
            expected: reader.count()?,
        },
        ..Rhythm::default()
    };
    if flags & HAS_CHANGES != 0 {
        let mut changes = Changes {
            unchanged: reader.count()?,
            ..Changes::default()
        };
        for class in &mut changes.changed {
            *class = (reader.count()?, reader.count()?);
        }
        rhythm.changes = Some(Box::new(changes));
    }
    if flags & (HAS_WEEK | HAS_FEW_HOURS) != 0 {
        rhythm.week.unit = reader.count()?;
    }
    if flags & HAS_WEEK != 0 {
        for cell in rhythm.week.cells.iter_mut() {
            *cell = reader.short()?;
        }
    }
    if flags & HAS_FEW_HOURS != 0 {
        while let Some(hour) = reader.byte() {
            let cell = reader.short()?;
            *rhythm
                .week
                .cells
                .get_mut(usize::from(hour))
                .filter(|_| usize::from(hour) < HOURS)? = cell;
        }
    }
    Some(rhythm)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "seven digits are more than a statistic knows"
)]
fn short_float(number: f64) -> [u8; 4] {
    (number as f32).to_le_bytes()
}
