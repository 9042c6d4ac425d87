-- What the web keeps: log-ins by the hash of their cookie, what people changed, and rules and names that were added
-- here. Definitions are JSON: their form is the domain's, and config files have the same by other means.

create table session (
    hash text primary key not null,
    token text not null,
    mark integer not null,
    opened integer not null,
    until integer not null
) strict, without rowid;

create table change (
    seq integer primary key autoincrement,
    at integer not null,
    who text not null,
    what text not null,
    subject text not null,
    detail text
) strict;

create table definition (
    kind text not null,
    id text not null,
    body text not null,
    made integer not null,
    changed integer not null,
    who text not null,
    primary key (kind, id)
) strict, without rowid;

-- For pictures over time.
create index alert_created on alert (created, rule);
create index mention_at on mention (entity, at);

-- The search index: of each entry the pieces of text by which rules can find it (see domain::matching::pieces), and
-- nothing of the text itself. It is filled behind the polls: rows up to meta's `indexed` are in it, save those that
-- changed since, which stand in `unindexed`.
create virtual table entry_index using fts5 (
    pieces, content = '', contentless_delete = 1, detail = none, tokenize = "ascii"
);
-- `times` tells a change that comes while an entry is being indexed from the one before it.
create table unindexed (entry integer primary key not null, times integer not null) strict;
create trigger entry_changed after update of title, body, full_text, authors, categories on entry begin
    insert into unindexed (entry, times) values (new.seq, 1) on conflict (entry) do update set times = times + 1;
end;
create trigger entry_deleted after delete on entry begin
    insert into unindexed (entry, times) values (old.seq, 1) on conflict (entry) do update set times = times + 1;
end;
