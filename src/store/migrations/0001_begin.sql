-- The first schema. Times are milliseconds since 1970, UTC; lists and evidence are JSON; severities are
-- ranks, 0 is info. Once released this file never changes: the next change is the next file.

create table meta (
    key text primary key not null,
    value text not null,
    at integer not null
) strict;

-- A feed: above as asked for, below as learned.
create table feed (
    id text primary key not null,
    url text not null,
    title text,
    tags text not null,
    interval_ms integer,
    full_text integer not null,
    language text,
    default_tz text,
    owner text,
    enabled integer not null,
    origin text not null,
    configured integer not null,
    added integer not null,

    state_url text not null default '',
    etag blob,
    last_modified blob,
    body_hash blob,
    own_title text,
    own_language text,
    site_url text,
    last_poll integer,
    last_success integer,
    last_new integer,
    next_poll integer,
    why_then text,
    polling_until integer,
    retry_after integer,
    failures integer not null default 0,
    gone_since integer,
    gone integer not null default 0,
    last_outcome text,
    last_error text,
    ttl_minutes integer,
    skip_hours integer not null default 0,
    skip_days integer not null default 0,
    rate_count real not null default 0,
    rate_days real not null default 0,
    entries integer not null default 0
) strict;

create table poll (
    seq integer primary key autoincrement,
    feed text not null references feed (id),
    at integer not null,
    outcome text not null,
    status integer,
    duration_ms integer not null,
    wire_bytes integer not null,
    new integer not null,
    revised integer not null,
    note text
) strict;
create index poll_feed on poll (feed, seq);

create table story (
    seq integer primary key autoincrement,
    first_entry text not null,
    title text not null,
    first_seen integer not null,
    last_seen integer not null
) strict;

-- An entry as it is now. `at` is when it was published, or else first seen; `url_hash` and `title_hash`
-- stand for the canonical URL and the folded title that make stories.
create table entry (
    seq integer primary key autoincrement,
    id text not null unique,
    feed text not null references feed (id),
    key text not null,
    content_hash blob not null,
    revision integer not null default 0,
    hash_only integer not null default 0,
    at integer not null,
    first_seen integer not null,
    last_seen integer not null,
    story integer not null references story (seq),
    joined_by text not null,
    url_hash integer,
    title_hash integer,
    published integer,
    updated integer,
    language text,
    guid text,
    url text,
    title text not null,
    authors text not null,
    categories text not null,
    enclosures text not null,
    body text not null,
    body_html text not null,
    full_text text
) strict;
create index entry_at on entry (at, seq);
create index entry_feed on entry (feed, at, seq);
create index entry_story on entry (story);
create index entry_url on entry (url_hash, story) where url_hash is not null;
create index entry_title on entry (title_hash, story) where title_hash is not null;

-- Every key an entry was ever known by; it outlives the entry, so that an old item does not return as new.
create table entry_key (
    feed text not null,
    key text not null,
    entry integer not null,
    primary key (feed, key, entry)
) strict, without rowid;

-- What is left of an entry that retention deleted.
create table tombstone (
    seq integer primary key,
    id text not null unique,
    feed text not null,
    key text not null,
    last_seen integer not null
) strict;

-- What an entry said before.
create table revision (
    seq integer primary key autoincrement,
    entry integer not null references entry (seq) on delete cascade,
    number integer not null,
    replaced integer not null,
    changed text not null,
    content text not null,
    unique (entry, number)
) strict;

create table alert (
    seq integer primary key autoincrement,
    key text not null unique,
    created integer not null,
    severity integer not null,
    reason text not null,
    rule text not null,
    rule_title text not null,
    entry integer references entry (seq),
    revision integer,
    story integer references story (seq),
    untold text,
    body text,
    health_kind text,
    health_subject text,
    acked_at integer,
    acked_by text,
    mark text,
    marked_at integer
) strict;
create index alert_story on alert (story, rule);
create index alert_entry on alert (entry);
create index alert_rule on alert (rule, seq);
create index alert_health on alert (health_kind, health_subject) where health_kind is not null;

-- A rule that an entry satisfies: it raised an alert, or was held back for a reason.
create table "match" (
    seq integer primary key autoincrement,
    entry integer not null references entry (seq) on delete cascade,
    rule text not null,
    revision integer not null,
    severity integer not null,
    at integer not null,
    raised text,
    held text,
    alert integer references alert (seq) on delete set null,
    evidence text not null,
    unique (entry, rule, revision),
    check ((raised is null) <> (held is null))
) strict;
create index match_rule on "match" (rule, at);
create index match_held on "match" (seq) where held is not null;
create index match_alert on "match" (alert) where alert is not null;

-- An entity that an entry names, with all its places.
create table mention (
    entity text not null,
    entry integer not null references entry (seq) on delete cascade,
    at integer not null,
    places integer not null,
    evidence text not null,
    primary key (entity, entry)
) strict, without rowid;
create index mention_entry on mention (entry);

-- The outbox: what is owed to receivers.
create table delivery (
    seq integer primary key autoincrement,
    alert integer not null references alert (seq) on delete cascade,
    receiver text not null,
    key text not null,
    state text not null check (state in ('held', 'due', 'sending', 'delivered', 'dead', 'cancelled')),
    why text,
    due integer,
    severity integer not null,
    created integer not null,
    give_up integer not null,
    owner text,
    lease_until integer,
    attempts integer not null default 0,
    last_attempt integer,
    settled integer,
    unique (receiver, key)
) strict;
create index delivery_alert on delivery (alert);
create index delivery_state on delivery (state, receiver);
create index delivery_due on delivery (receiver, severity desc, created, seq) where state = 'due';

create table attempt (
    seq integer primary key autoincrement,
    delivery integer not null references delivery (seq) on delete cascade,
    number integer not null,
    at integer not null,
    outcome text not null,
    status integer,
    message text,
    answer text not null,
    duration_ms integer not null,
    unique (delivery, number)
) strict;

-- What was learned of a receiver.
create table receiver (
    id text primary key not null,
    hold_until integer,
    failures integer not null default 0,
    last_success integer,
    last_failure integer,
    last_error text
) strict;
