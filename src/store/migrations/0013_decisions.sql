-- Alerts that wait, and why. `hold` says by what a held delivery is held, or was before it came to its end; its `due`
-- is then the time at which it is looked at again, and null where something else ends the wait.

alter table delivery add column hold text;
alter table delivery add column silence integer;
create index delivery_hold on delivery (hold, receiver, due) where state = 'held';
create index delivery_silence on delivery (silence) where silence is not null;

-- The deliveries that one message carries together; it is an alert of its own, with a delivery of its own.
create table digest_member (
    digest integer not null references alert (seq) on delete cascade,
    delivery integer not null references delivery (seq) on delete cascade,
    primary key (digest, delivery)
) strict, without rowid;
create index digest_member_delivery on digest_member (delivery);

-- When digests of a receiver are due: the wall-clock time as configured, so that another one begins anew.
create table digest_clock (
    receiver text primary key not null,
    clock text not null,
    next integer not null
) strict, without rowid;

-- What was let through of a rule with a `throttle`: its window.
create table let_through (
    rule text not null,
    receiver text not null,
    at integer not null,
    delivery integer not null,
    primary key (rule, receiver, at, delivery)
) strict, without rowid;

-- A silence is never changed: it ends, and another begins. Its matchers are JSON. `applied`: it holds what was due when
-- it began; `closed`: it is over, and what it held has been dealt with.
create table silence (
    seq integer primary key autoincrement,
    created integer not null,
    starts integer not null,
    ends integer not null,
    matchers text not null,
    author text not null,
    comment text not null,
    summary integer not null,
    matched integer not null default 0,
    ended integer,
    ended_by text,
    released integer not null default 0,
    replaced_by integer,
    applied integer,
    closed integer
) strict;
create index silence_open on silence (ends) where closed is null;

-- The alert that one follows up on: an escalation, the first alert of its rule on the story.
alter table alert add column follows integer;
create index alert_since on alert (rule, created);
