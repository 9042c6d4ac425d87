//! Rules and names that were added through web and API.
//!
//! Those of config files are not here. What they mean is the domain's; here they are kept.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::Result;
use super::row::{Json, Ms};
use crate::domain::rule::added::{AddedAlias, AddedRule};

/// What was added, as it is merged with config.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Added {
    /// Rules, by id.
    pub rules: Vec<AddedRule>,
    /// Names of entities.
    pub aliases: Vec<AddedAlias>,
}

/// All that was added.
pub fn added(conn: &Connection) -> Result<Added> {
    let mut all = Added::default();
    let mut query =
        conn.prepare_cached("select body from definition where kind = ?1 order by id")?;
    for row in query.query_map(["rule"], |row| row.get::<_, Json<_>>(0))? {
        all.rules.push(row?.0);
    }
    for row in query.query_map(["alias"], |row| row.get::<_, Json<_>>(0))? {
        all.aliases.push(row?.0);
    }
    Ok(all)
}

/// Saves a rule over the one of its id.
pub fn save_rule(tx: &Transaction<'_>, rule: &AddedRule, who: &str, now: Timestamp) -> Result<()> {
    save(tx, ("rule", &rule.id), &Json(rule), who, now)
}

/// Saves a name of an entity.
pub fn save_alias(
    tx: &Transaction<'_>,
    alias: &AddedAlias,
    who: &str,
    now: Timestamp,
) -> Result<()> {
    let id = format!("{}\u{1f}{}", alias.entity, alias.alias);
    save(tx, ("alias", &id), &Json(alias), who, now)
}

fn save(
    tx: &Transaction<'_>,
    (kind, id): (&str, &str),
    body: &dyn rusqlite::ToSql,
    who: &str,
    now: Timestamp,
) -> Result<()> {
    tx.prepare_cached(
        "insert into definition (kind, id, body, made, changed, who) values (?1, ?2, ?3, ?4, ?4, ?5)
         on conflict (kind, id) do update set body = excluded.body, changed = excluded.changed, who = excluded.who",
    )?
    .execute(params![kind, id, body, Ms(now), who])?;
    Ok(())
}

/// Takes a rule away; false where none of that id was added.
pub fn remove_rule(tx: &Transaction<'_>, id: &str) -> Result<bool> {
    let gone = tx
        .prepare_cached("delete from definition where kind = 'rule' and id = ?1")?
        .execute([id])?;
    Ok(gone > 0)
}

/// Takes a name away; false where it was not added.
pub fn remove_alias(tx: &Transaction<'_>, entity: &str, alias: &str) -> Result<bool> {
    let gone = tx
        .prepare_cached("delete from definition where kind = 'alias' and id = ?1")?
        .execute([format!("{entity}\u{1f}{alias}")])?;
    Ok(gone > 0)
}
