-- Gaps and how they were filled; archives that were read; more of what a poll was.

alter table feed add column history integer not null default 0;
-- Signs as JSON; none where there is nothing to tell.
alter table feed add column signs text;
-- Polls recorded so far: the history is cut every so many.
alter table feed add column polls integer not null default 0;

-- How the entry came where it did not come with a poll of its feed: `archive`.
alter table entry add column via text;

alter table poll add column timings text;
alter table poll add column final_url text;
alter table poll add column conditional integer not null default 0;
alter table poll add column body_bytes integer not null default 0;
alter table poll add column format text;
alter table poll add column next_poll integer;
alter table poll add column why_then text;

-- A document in which nothing was known, or a first document whose history is wanted; and how far the way
-- back has been gone. `known_before` is the highest row of an entry that was there before it.
create table gap (
    seq integer primary key autoincrement,
    feed text not null references feed (id),
    kind text not null,
    at integer not null,
    newest_before integer,
    oldest_after integer,
    missed integer,
    known_before integer not null,
    last_success integer,
    state text not null check (state in ('filling', 'filled', 'unfilled')),
    next_url text,
    next_way text,
    visited text not null,
    most integer not null,
    documents integer not null default 0,
    recovered integer not null default 0,
    failures integer not null default 0,
    not_before integer,
    ended integer,
    note text
) strict;
create index gap_feed on gap (feed, seq);
create index gap_filling on gap (feed) where state = 'filling';

-- Archives never change: each is asked for once.
create table archive (
    feed text not null,
    url text not null,
    at integer not null,
    primary key (feed, url)
) strict, without rowid;
