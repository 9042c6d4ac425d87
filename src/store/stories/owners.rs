//! Who tells a story: what escalation counts.

use rusqlite::{Connection, params};

use super::super::Result;
use super::super::row::Ms;
use crate::domain::id::{EntryId, FeedId};
use crate::domain::story::owners::{Member, Voice, owner, voices};

/// Entries of a story that are looked at: a story takes no more.
const MOST: u32 = 200;
/// Letters of a text that are compared.
const LETTERS: u32 = 6_000;

/// The owners of a story's entries, in the order in which they spoke, each with its first entry that copies no
/// entry before it: an owner who has nothing but copies is none.
pub fn owners(conn: &Connection, story: i64) -> Result<Vec<Voice>> {
    let mut query = conn.prepare_cached(
        "select e.id, e.feed, f.owner, f.url, e.url, e.first_seen, substr(coalesce(e.full_text, e.body), 1, ?3)
         from entry e join feed f on f.id = e.feed
         where e.story = ?1 order by e.first_seen, e.seq limit ?2",
    )?;
    let rows = query.query_map(params![story, MOST, LETTERS], |row| {
        let configured: Option<String> = row.get(2)?;
        let (feed_url, link): (String, Option<String>) = (row.get(3)?, row.get(4)?);
        Ok(Member {
            entry: EntryId::new(row.get::<_, String>(0)?),
            feed: FeedId::new(row.get::<_, String>(1)?),
            owner: owner(configured.as_deref(), &feed_url, link.as_deref()),
            at: row.get::<_, Ms>(5)?.0,
            text: row.get(6)?,
        })
    })?;
    let members: Vec<Member> = rows.collect::<Result<_, _>>()?;
    Ok(voices(&members))
}
