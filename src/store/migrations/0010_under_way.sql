-- Polls under way have small rows of their own: each is marked before its request, and a feed's row is wide. Until
-- `until` the feed is not due; a mark that outlives its process makes the feed due then, or within a minute.

create table under_way (
    feed text primary key not null,
    began integer not null,
    until integer not null
) strict, without rowid;
insert into under_way (feed, began, until)
    select id, coalesce(last_poll, 0), polling_until from feed where polling_until is not null;
alter table feed drop column polling_until;
