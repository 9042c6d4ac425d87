-- What polls teach about a feed beyond its rhythm (moves, trust in validators, limits), as JSON; and what hosts
-- said about how often they may be asked.

alter table feed add column standing text not null default '{}';

-- `name` is a host, with its port where that is not the web's own, or `*.` and a registrable domain.
create table host (
    name text primary key not null,
    domain text,
    until integer,
    limited integer,
    times integer not null default 0,
    busy_url text,
    busy_until integer
) strict;
create index host_domain on host (domain) where domain is not null;
