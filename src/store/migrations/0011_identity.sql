-- What an entry was, as far as it takes to know it again under another key, outlives it; and how often its key
-- changed, so that a feed that makes up ids for each answer does not add keys for ever.

alter table entry add column rekeyed integer not null default 0;
alter table tombstone add column content_hash blob;
alter table tombstone add column published integer;
alter table tombstone add column first_seen integer;
alter table tombstone add column rekeyed integer not null default 0;
