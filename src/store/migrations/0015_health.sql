-- How receivers do, and what is wrong with the system.

-- `streak`: failures in a row that may end (later, refused); `since`: the first of them; `recent`: the last few, as
-- JSON. `rest_until`: nothing is tried before. `rate_until`: its bucket is empty until then. `class`: how the last
-- failure ended, null after a success; `gone`: what a receiver said that is not to be spoken to any more. `config` is a
-- hash of how it is configured: another one begins anew.
alter table receiver add column streak integer not null default 0;
alter table receiver add column since integer;
alter table receiver add column recent text not null default '[]';
alter table receiver add column rest_until integer;
alter table receiver add column rate_until integer;
alter table receiver add column class text;
alter table receiver add column gone text;
alter table receiver add column config integer;

-- Buckets of destinations, several receivers may share one: when it is full again. None: it is full.
create table bucket (
    destination text not null,
    slot integer not null,
    full_at integer not null,
    primary key (destination, slot)
) strict, without rowid;

create index delivery_wait on delivery (receiver, due) where state = 'due';
create index delivery_dead on delivery (settled) where state = 'dead';

-- Conditions of the system that hold, or did until a moment ago. `opened`: when people were told, null: not yet;
-- `calm`: since when it is not seen any more.
create table health (
    kind text not null,
    subject text not null,
    severity integer not null,
    text text not null,
    since integer not null,
    opened integer,
    calm integer,
    primary key (kind, subject)
) strict, without rowid;

-- Since when a rule means what it means (a hash), and how many matches a day it had before.
create table rule_watch (
    rule text primary key not null,
    meaning integer not null,
    since integer not null,
    rate_before real
) strict, without rowid;
