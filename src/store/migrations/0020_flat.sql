-- What is looked at often takes the same time however much is stored.

-- The pieces of an entry are others now (language, feed, single letters): the index is filled anew behind the polls.
drop table entry_index;
create virtual table entry_index using fts5 (
    pieces, content = '', contentless_delete = 1, detail = none, tokenize = "ascii"
);
delete from unindexed;
delete from meta where key = 'indexed';
drop trigger entry_changed;
create trigger entry_changed after update of title, body, full_text, authors, categories, language, feed on entry begin
    insert into unindexed (entry, times) values (new.seq, 1) on conflict (entry) do update set times = times + 1;
end;

-- How many deliveries of a receiver stand where. Triggers keep it, so that no way of changing a delivery can forget it.
create table delivery_count (
    receiver text not null,
    state text not null,
    many integer not null,
    primary key (receiver, state)
) strict, without rowid;
insert into delivery_count (receiver, state, many)
    select receiver, state, count(*) from delivery group by receiver, state;
create trigger delivery_added after insert on delivery begin
    insert into delivery_count (receiver, state, many) values (new.receiver, new.state, 1)
        on conflict (receiver, state) do update set many = many + 1;
end;
create trigger delivery_moved after update of state, receiver on delivery
when new.state <> old.state or new.receiver <> old.receiver begin
    update delivery_count set many = many - 1 where receiver = old.receiver and state = old.state;
    insert into delivery_count (receiver, state, many) values (new.receiver, new.state, 1)
        on conflict (receiver, state) do update set many = many + 1;
end;
create trigger delivery_deleted after delete on delivery begin
    update delivery_count set many = many - 1 where receiver = old.receiver and state = old.state;
end;

-- The feed of an alert's entry: alerts of a feed are found without looking at those of all others.
alter table alert add column feed text;
update alert set feed = (select feed from entry where seq = alert.entry) where entry is not null;
create index alert_feed on alert (feed, seq) where feed is not null;
