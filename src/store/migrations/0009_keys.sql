-- Keys are long and an entry has several: only what tells them apart within a feed is kept. `short_hash` is ours,
-- see row.rs.

create table key_hash (
    feed text not null,
    hash integer not null,
    entry integer not null,
    primary key (feed, hash, entry)
) strict, without rowid;
insert or ignore into key_hash (feed, hash, entry) select feed, short_hash(key), entry from entry_key;
drop table entry_key;
alter table key_hash rename to entry_key;
